// A real Chromium without a window, driven over a pipe: no port, no library.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = [
  "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-US",
];

/** The browser, and everything it reported: console messages, exceptions and requests. */
export class Chromium {
  static async start(program = process.env.CHROMIUM ?? "chromium") {
    const browser = new Chromium();
    browser.profile = mkdtempSync(join(tmpdir(), "counterfoil-chromium-"));
    // a root user, as in a container, gets no sandbox from Chromium
    const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"];
    browser.process = spawn(program, [...FLAGS, ...sandbox, `--user-data-dir=${browser.profile}`], { stdio });
    browser.pending = new Map();
    browser.number = 0;
    browser.seen = [];
    await new Promise((resolve, reject) => {
      browser.process.once("spawn", resolve);
      browser.process.once("error", reject);
    });
    browser.listen();
    return browser;
  }

  listen() {
    let rest = "";
    this.process.stdio[4].setEncoding("utf8").on("data", (chunk) => {
      const messages = (rest + chunk).split("\0");
      rest = messages.pop();
      for (const message of messages) this.receive(JSON.parse(message));
    });
  }

  receive({ id, result, error, method, params }) {
    if (id !== undefined) {
      const { resolve, reject } = this.pending.get(id);
      this.pending.delete(id);
      if (error) reject(new Error(error.message));
      else resolve(result);
      return;
    }
    const watched = ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Network.requestWillBeSent"];
    if (watched.includes(method)) this.seen.push({ method, text: JSON.stringify(params).slice(0, 500), url: params.request?.url });
    this.loaded = this.loaded || method === "Page.loadEventFired";
  }

  send(method, params = {}, session = this.session) {
    this.number += 1;
    const id = this.number;
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: session ?? undefined })}\0`);
    return new Promise((resolve, reject) => this.pending.set(id, { resolve, reject }));
  }

  /** Opens a page of this width, in this colour scheme. */
  async open(url, { width = 1000, height = 900, dark = false, mobile = false } = {}) {
    if (this.target) await this.send("Target.closeTarget", { targetId: this.target }, null);
    this.seen = [];
    this.loaded = false;
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" }, null);
    this.target = targetId;
    this.session = (await this.send("Target.attachToTarget", { targetId, flatten: true }, null)).sessionId;
    for (const domain of ["Page", "Runtime", "Log", "Network", "DOM"]) await this.send(`${domain}.enable`);
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await this.send("Emulation.setEmulatedMedia", { features });
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile });
    await this.send("Page.navigate", { url });
    for (let at = 0; !this.loaded; at += 1) {
      if (at > 300) throw new Error(`${url} does not load`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The value of an expression in the page; promises are waited for. */
  async evaluate(expression) {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", options);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Gives files to an `<input type=file>`, as a person's choice does. */
  async choose(selector, files) {
    const { root } = await this.send("DOM.getDocument");
    const { nodeId } = await this.send("DOM.querySelector", { nodeId: root.nodeId, selector });
    await this.send("DOM.setFileInputFiles", { files, nodeId });
  }

  /** Types into the field that has the focus. */
  async type(text) {
    await this.send("Input.insertText", { text });
  }

  async press(key, code = key) {
    const virtual = { Tab: 9, Enter: 13 }[key] ?? 0;
    const text = key === "Enter" ? "\r" : undefined;
    const options = { key, code, windowsVirtualKeyCode: virtual, text };
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...options });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...options });
  }

  /** A picture of the whole page, as PNG. */
  async screenshot() {
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
    return Buffer.from(data, "base64");
  }

  /** Requests that left the page's own file, and everything said on the console. */
  complaints(own) {
    return this.seen.filter(({ method, url }) => method !== "Network.requestWillBeSent" || (url !== own && !url.startsWith("data:")));
  }

  async stop() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.send("Browser.close", {}, null).catch(() => {});
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 3000))]);
    this.process.kill("SIGKILL");
    await ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
