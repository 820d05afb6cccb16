// Elements. Text is always set as text: nothing that comes from a file is read as HTML.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") made.className = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export const paragraph = (text, className) => element("p", className ? { class: className } : {}, text);

/** A list of terms and what stands for each. */
export function facts(rows) {
  const list = element("dl");
  for (const [term, value, className] of rows) {
    list.append(element("dt", {}, term), element("dd", className ? { class: className } : {}, value));
  }
  return list;
}
