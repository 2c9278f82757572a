// Draws all neurons with WebGL 2: points of light into a high-range picture, a glow around them, then to the screen.

import { hue } from "./palette.js";
import { DOWN, POINTS, TONE, UP } from "./shaders.js";

const GLOWS = 5; // halvings: the widest glow is some 60 pixels

/** Raises Error, with a sentence for the user, where WebGL 2 is missing. */
export class Painter {
  constructor(canvas) {
    this.canvas = canvas;
    const gl = canvas.getContext("webgl2", {
      alpha: false, antialias: false, depth: false, stencil: false, powerPreference: "high-performance",
    });
    if (!gl) throw new Error("This browser shows no WebGL 2, so the neurons cannot be drawn. Everything else works.");
    this.gl = gl;
    this._floats = Boolean(gl.getExtension("EXT_color_buffer_float") ?? gl.getExtension("EXT_color_buffer_half_float"));
    this._floats &&= canDraw(gl);
    this._points = program(gl, POINTS);
    this._down = program(gl, DOWN);
    this._up = program(gl, UP);
    this._tone = program(gl, TONE);
    this._empty = gl.createVertexArray();
    this._targets = [];
    this.neurons = 0;
  }

  /** Whether the processor has to draw. */
  get isSoftware() {
    const named = this.gl.getExtension("WEBGL_debug_renderer_info");
    const name = named ? this.gl.getParameter(named.UNMASKED_RENDERER_WEBGL) : this.gl.getParameter(this.gl.RENDERER);
    return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(String(name));
  }

  /** A new network. layers: as in network.js. */
  begin(neurons, layers) {
    const gl = this.gl;
    for (const buffer of [this._places, this._light, this._colours, this._chosen]) if (buffer) gl.deleteBuffer(buffer);
    if (this._vao) gl.deleteVertexArray(this._vao);
    this.neurons = neurons;
    this._slots = 0;
    this._places = null;
    const colours = new Uint8Array(4 * neurons);
    for (const layer of layers) {
      const rgb = hue(layer.index, layers.length).map((v) => Math.round(255 * v));
      for (let i = layer.first; i < layer.first + layer.count && i < neurons; i++) colours.set([...rgb, layer.index], 4 * i);
    }
    this._vao = gl.createVertexArray();
    gl.bindVertexArray(this._vao);
    this._light = buffer(gl, new Uint8Array(neurons), 5, 1, gl.UNSIGNED_BYTE);
    this._colours = buffer(gl, colours, 6, 4, gl.UNSIGNED_BYTE);
    this._chosen = buffer(gl, new Int8Array(neurons), 7, 1, gl.BYTE);
    gl.bindVertexArray(null);
  }

  /** snapshots: Float32Arrays of x, y; 0 at rest. All lie in one buffer, so that breathing uploads nothing. */
  place(snapshots) {
    const gl = this.gl;
    const bytes = 8 * this.neurons;
    if (this._slots !== snapshots.length) {
      if (this._places) gl.deleteBuffer(this._places);
      this._places = gl.createBuffer();
      this._slots = snapshots.length;
      gl.bindBuffer(gl.ARRAY_BUFFER, this._places);
      gl.bufferData(gl.ARRAY_BUFFER, bytes * this._slots, gl.DYNAMIC_DRAW);
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this._places);
    snapshots.forEach((places, i) => gl.bufferSubData(gl.ARRAY_BUFFER, i * bytes, places));
  }

  choose(weights) {
    this._fill(this._chosen, Int8Array.from(weights, (w) => Math.round(127 * Math.max(-1, Math.min(1, w)))));
  }

  _fill(target, values) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, target);
    this.gl.bufferSubData(this.gl.ARRAY_BUFFER, 0, values);
  }

  resize(width, height) {
    const gl = this.gl;
    if (this.canvas.width === width && this.canvas.height === height && this._targets.length) return;
    this.canvas.width = width;
    this.canvas.height = height;
    for (const target of this._targets) {
      gl.deleteTexture(target.texture);
      gl.deleteFramebuffer(target.frame);
    }
    this._targets = [];
    for (let i = 0, w = width, h = height; i <= GLOWS; i++, w = Math.max(1, w >> 1), h = Math.max(1, h >> 1)) {
      this._targets.push(targetOf(gl, w, h, this._floats));
    }
  }

  /** scene: {view, mix, amount, moments, light, size, still, isolated, veil, exposure}; sizes in CSS pixels. */
  draw(scene) {
    const { gl } = this;
    if (!this._places || !this._targets.length) return;
    this._fill(this._light, scene.light);
    this._drawPoints(scene);
    this._drawGlow();
    this._toScreen(scene);
  }

  _drawPoints({ view, mix, amount, moments, size, still, isolated, veil }) {
    const { gl } = this;
    const full = this._targets[0];
    const dense = full.width / view.width;
    gl.bindFramebuffer(gl.FRAMEBUFFER, full.frame);
    gl.viewport(0, 0, full.width, full.height);
    gl.clearColor(0, 0, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE);
    gl.useProgram(this._points.program);
    gl.bindVertexArray(this._vao);
    gl.bindBuffer(gl.ARRAY_BUFFER, this._places);
    const at = (location, slot) => {
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, 2, gl.FLOAT, false, 0, 8 * this.neurons * slot);
    };
    at(0, 0);
    mix.moments.forEach((moment, i) => at(1 + i, moments ? moment + 1 : 0));
    const pixels = Math.max(size * dense, 1.2);
    // a point holds the same light at any resolution: one too small for a pixel gets dimmer instead
    const fill = Math.min(1, (size * dense) / pixels) ** 2 * Math.min(1, (2.6 / size) ** 1.2) * (this._floats ? 1 : 0.5);
    this._set(this._points, {
      weights: mix.weights, amount: moments ? amount : 0, middle: [view.x, view.y],
      scale: [(2 * view.zoom) / view.width, (2 * view.zoom) / view.height],
      size: pixels, fill, still, isolated, veil,
    });
    gl.drawArrays(gl.POINTS, 0, this.neurons);
    gl.bindVertexArray(this._empty);
    gl.disable(gl.BLEND);
  }

  _drawGlow() {
    const { gl, _targets: targets } = this;
    gl.useProgram(this._down.program);
    for (let i = 1; i < targets.length; i++) this._pass(this._down, targets[i - 1], targets[i]);
    gl.useProgram(this._up.program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE);
    for (let i = targets.length - 1; i > 1; i--) this._pass(this._up, targets[i], targets[i - 1], { share: 0.62 });
    gl.disable(gl.BLEND);
  }

  _pass(pass, from, to, uniforms = {}) {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, to.frame);
    gl.viewport(0, 0, to.width, to.height);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, from.texture);
    this._set(pass, { texel: [1 / from.width, 1 / from.height], ...uniforms });
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  _toScreen({ exposure }) {
    const { gl, _targets: targets } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.useProgram(this._tone.program);
    [targets[0], targets[1]].forEach((target, i) => {
      gl.activeTexture(gl.TEXTURE0 + i);
      gl.bindTexture(gl.TEXTURE_2D, target.texture);
    });
    gl.uniform1i(this._tone.at.points, 0);
    gl.uniform1i(this._tone.at.bloom, 1);
    this._set(this._tone, { exposure, haze: 0.55 });
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  _set(pass, uniforms) {
    for (const [name, value] of Object.entries(uniforms)) {
      const place = pass.at[name];
      if (typeof value === "number") this.gl.uniform1f(place, value);
      else if (value.length === 2) this.gl.uniform2fv(place, value);
      else this.gl.uniform4fv(place, value);
    }
  }
}

function program(gl, [vertex, fragment]) {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) {
    const said = gl.isContextLost() ? "the context is lost" : gl.getProgramInfoLog(made);
    throw new Error(`This browser's WebGL does not take the drawing program (${said}). Everything else works.`);
  }
  const at = {};
  for (let i = 0; i < gl.getProgramParameter(made, gl.ACTIVE_UNIFORMS); i++) {
    const { name } = gl.getActiveUniform(made, i);
    at[name] = gl.getUniformLocation(made, name);
  }
  return { program: made, at };
}

function buffer(gl, values, location, size, type) {
  const made = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, made);
  gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
  gl.enableVertexAttribArray(location);
  gl.vertexAttribPointer(location, size, type, true, 0, 0);
  return made;
}

/** Whether half floats can be drawn into: some cards promise it and do not. */
function canDraw(gl) {
  const { texture, frame } = targetOf(gl, 4, 4, true);
  const is = gl.checkFramebufferStatus(gl.FRAMEBUFFER) === gl.FRAMEBUFFER_COMPLETE;
  gl.deleteTexture(texture);
  gl.deleteFramebuffer(frame);
  return is;
}

function targetOf(gl, width, height, floats) {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texStorage2D(gl.TEXTURE_2D, 1, floats ? gl.RGBA16F : gl.RGBA8, width, height);
  for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, filter, gl.LINEAR);
  const frame = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  return { texture, frame, width, height };
}
