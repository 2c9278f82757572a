// What the graphics card runs: neurons as light, light as a glow, glow as a picture.

/** One neuron: its place between the moments of the loop, its light, its colour, its weight in the selection. */
export const POINTS = [
  `#version 300 es
  layout(location=0) in vec2 rest;
  layout(location=1) in vec2 m0;
  layout(location=2) in vec2 m1;
  layout(location=3) in vec2 m2;
  layout(location=4) in vec2 m3;
  layout(location=5) in float light;
  layout(location=6) in vec4 colour; // rgb, and the layer's number / 255
  layout(location=7) in float chosen; // -1 to 1
  uniform vec4 weights;
  uniform float amount;
  uniform vec2 middle, scale; // of the layout; clip units for 1 of it
  uniform float size, fill, still; // pixels; brightness; brightness of a dark neuron
  uniform float isolated; // a layer, or -1
  uniform float veil; // how far those that are not selected step back
  out vec3 glow;
  out float ring, near;
  void main() {
    vec2 moving = weights.x * m0 + weights.y * m1 + weights.z * m2 + weights.w * m3;
    vec2 place = mix(rest, moving, amount);
    gl_Position = vec4((place - middle) * scale, 0.0, 1.0);
    float aside = isolated < 0.0 || abs(colour.a * 255.0 - isolated) < 0.5 ? 1.0 : 0.05;
    float picked = abs(chosen) > 0.001 ? 1.0 : 0.0;
    aside *= mix(1.0 - veil, 1.0, picked);
    vec3 tint = colour.rgb;
    tint = mix(tint, chosen > 0.0 ? vec3(1.0, 0.93, 0.82) : vec3(0.55, 0.62, 1.0), 0.4 * picked);
    // a bright neuron is larger as well: on a beamer that says more than brightness alone
    float grown = 1.0 + 0.9 * light;
    gl_PointSize = size * grown * (1.0 + 0.35 * picked);
    float shown = still * (1.0 + 1.4 * picked) + light * light * 1.15 + 0.12 * light;
    glow = tint * tint * shown * fill * aside;
    ring = picked * smoothstep(5.0, 9.0, gl_PointSize);
    near = smoothstep(7.0, 18.0, gl_PointSize);
  }`,
  `#version 300 es
  precision mediump float;
  in vec3 glow;
  in float ring, near;
  out vec4 color;
  void main() {
    vec2 at = gl_PointCoord * 2.0 - 1.0;
    float far = dot(at, at);
    if (far > 1.0) discard;
    float soft = (1.0 - far) * (1.0 - far);
    float edge = ring * smoothstep(0.5, 0.72, far) * (1.0 - smoothstep(0.8, 1.0, far));
    // from near a neuron is a thing with an edge, from far a spark
    float core = 1.0 - smoothstep(0.14, 0.24, far);
    soft = mix(1.6 * soft, 0.9 * core + 0.55 * soft * soft, near);
    color = vec4(glow * (soft + edge) + vec3(0.10, 0.09, 0.075) * edge, 1.0);
  }`,
];

const SCREEN = `#version 300 es
  out vec2 uv;
  void main() {
    vec2 at = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
    uv = at;
    gl_Position = vec4(at * 2.0 - 1.0, 0.0, 1.0);
  }`;

/** Half the size, softened (dual filtering: Bjørge 2015, Bandwidth-efficient rendering). */
export const DOWN = [
  SCREEN,
  `#version 300 es
  precision highp float;
  in vec2 uv;
  uniform sampler2D source;
  uniform vec2 texel; // of the source
  out vec4 color;
  void main() {
    vec3 sum = texture(source, uv).rgb * 4.0;
    sum += texture(source, uv + texel).rgb + texture(source, uv - texel).rgb;
    sum += texture(source, uv + vec2(texel.x, -texel.y)).rgb + texture(source, uv + vec2(-texel.x, texel.y)).rgb;
    color = vec4(sum / 8.0, 1.0);
  }`,
];

/** Twice the size, softened, to be added to what is there. */
export const UP = [
  SCREEN,
  `#version 300 es
  precision highp float;
  in vec2 uv;
  uniform sampler2D source;
  uniform vec2 texel;
  uniform float share;
  out vec4 color;
  void main() {
    vec3 sum = texture(source, uv + vec2(texel.x, 0.0)).rgb + texture(source, uv - vec2(texel.x, 0.0)).rgb;
    sum += texture(source, uv + vec2(0.0, texel.y)).rgb + texture(source, uv - vec2(0.0, texel.y)).rgb;
    sum += 2.0 * texture(source, uv + 0.5 * texel).rgb + 2.0 * texture(source, uv - 0.5 * texel).rgb;
    sum += 2.0 * texture(source, uv + vec2(0.5, -0.5) * texel).rgb;
    sum += 2.0 * texture(source, uv + vec2(-0.5, 0.5) * texel).rgb;
    color = vec4(sum / 12.0 * share, 1.0);
  }`,
];

/** Any light to below 1, its hue kept; the brightest turns a little white. The ground is not quite black. */
export const TONE = [
  SCREEN,
  `#version 300 es
  precision highp float;
  in vec2 uv;
  uniform sampler2D points, bloom;
  uniform float exposure, haze;
  out vec4 color;
  float noise(vec2 at) { return fract(52.9829189 * fract(dot(at, vec2(0.06711056, 0.00583715)))); }
  void main() {
    vec3 light = (texture(points, uv).rgb + haze * texture(bloom, uv).rgb) * exposure;
    float peak = max(light.r, max(light.g, light.b));
    float mapped = peak / (1.0 + peak);
    float white = clamp(mapped - 0.72, 0.0, 1.0) * 1.7;
    light *= mapped / max(peak, 1e-6);
    light = light * (1.0 - white) + mapped * white;
    vec2 off = uv - 0.5;
    vec3 ground = vec3(0.0016, 0.0018, 0.0040) * (1.0 - 0.9 * dot(off, off));
    vec3 seen = pow(clamp(light + ground, 0.0, 1.0), vec3(1.0 / 2.2));
    color = vec4(seen + (noise(gl_FragCoord.xy) - 0.5) / 255.0, 1.0); // a dark gradient would show its steps
  }`,
];
