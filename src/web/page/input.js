// An input for one file: opened, dropped or pasted.

import { element } from "./dom.js";
import { say } from "./wording.js";

/** Fills `.input` of a section; `changed` is called whenever its bytes are others. A pasted text ends with `ends`. */
export function fileInput(section, { name, limit, ends = "", changed }) {
  const place = section.querySelector(".input");
  const state = { bytes: null, file: null };
  const picker = element("input", { type: "file", id: `${name}-file` });
  const open = element("label", { for: picker.id, class: "button" });
  const area = element("textarea", { id: `${name}-text`, rows: "3", spellcheck: "false", "aria-describedby": `${name}-help` });
  const label = element("label", { for: area.id });
  const note = element("p", { class: "help", role: "status" });
  const remove = element("button", { type: "button" });
  place.replaceChildren(element("p", { class: "file" }, picker, open), label, area, note, remove);

  function draw() {
    open.textContent = say("file.open");
    label.textContent = `${say(`${name}.label`)} · ${say("file.drop")}`;
    remove.textContent = say("file.remove");
    remove.hidden = state.file === null;
    area.hidden = state.file !== null;
    label.hidden = state.file !== null;
    if (state.file) note.textContent = say("file.read", { name: state.file, size: state.bytes.length });
    else if (!state.error) note.textContent = "";
  }

  function set(bytes, file) {
    Object.assign(state, { bytes, file, error: false });
    draw();
    changed(bytes);
  }

  async function read(file) {
    if (file.size > limit) {
      set(null, null);
      state.error = true;
      note.textContent = say("file.too-large", { name: file.name, size: file.size, limit });
      return;
    }
    area.value = "";
    set(new Uint8Array(await file.arrayBuffer()), file.name);
  }

  picker.addEventListener("change", () => picker.files.length > 0 && read(picker.files[0]));
  area.addEventListener("input", () => {
    const text = area.value.trim();
    // what a text field or a chat adds around the file is no part of it
    set(text === "" ? null : new TextEncoder().encode(`${text}${ends}`), null);
  });
  remove.addEventListener("click", () => {
    picker.value = "";
    set(null, null);
    area.focus();
  });
  section.addEventListener("dragover", (event) => {
    event.preventDefault();
    section.classList.add("over");
  });
  section.addEventListener("dragleave", () => section.classList.remove("over"));
  section.addEventListener("drop", (event) => {
    event.preventDefault();
    section.classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) read(file);
    else area.value = event.dataTransfer.getData("text/plain");
    if (!file) area.dispatchEvent(new Event("input"));
  });
  draw();
  return {
    draw,
    get bytes() {
      return state.bytes;
    },
    set(text) {
      area.value = text;
      area.dispatchEvent(new Event("input"));
    },
    clear() {
      picker.value = "";
      area.value = "";
      set(null, null);
    },
  };
}

