// The npm package oscquery as a client: `query HOST PORT` prints what it read of the tree; `discover PORT SECONDS`
// prints the service with that port when it finds it by itself, and again when it has gone.
const { OSCQueryDiscovery } = require("oscquery");

const print = (facts) => process.stdout.write(JSON.stringify(facts) + "\n");
const [mode, ...rest] = process.argv.slice(2);
const discovery = new OSCQueryDiscovery();

if (mode === "query") {
  discovery.queryNewService(rest[0], Number(rest[1])).then((service) => {
    print({ host: service.hostInfo, methods: service.flat() });
  });
} else {
  const port = Number(rest[0]);
  discovery.on("up", (service) => {
    if (service.port === port) print({ up: service.address, osc: service.hostInfo.oscPort });
  });
  discovery.on("down", (service) => {
    if (service.port === port) {
      print({ down: service.address });
      process.exit(0);
    }
  });
  discovery.start();
  setTimeout(() => process.exit(1), 1000 * Number(rest[1]));
}
