// One table, one element: rows lead somewhere, by click, by Enter, or in a new tab by their link.
// Everything shown is set as text, never as markup.
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60]];

function ago(iso) {
  const seconds = (new Date(iso).getTime() - Date.now()) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return RELATIVE.format(Math.round(seconds / size), unit);
  }
  return "just now";
}

function spark(values) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 84 22");
  svg.setAttribute("class", "spark");
  const top = Math.max(1, ...values);
  const step = 84 / Math.max(1, values.length - 1);
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  line.setAttribute("points", values.map((v, i) => `${i * step},${20 - (18 * v) / top}`).join(" "));
  svg.append(line);
  return svg;
}

function badge(value) {
  const shown = document.createElement("span");
  shown.className = `badge ${value.tone || "plain"}`;
  shown.textContent = value.text;
  return shown;
}

function share(value) {
  const box = document.createElement("div");
  box.className = "share";
  const bar = document.createElement("i");
  bar.style.width = `${Math.round(100 * Math.min(1, Math.max(0, value.part)))}%`;
  const text = document.createElement("span");
  text.textContent = value.text;
  box.append(bar, text);
  return box;
}

function titled(value, href) {
  const box = document.createElement("div");
  const link = document.createElement(href ? "a" : "span");
  link.textContent = value.text ?? value;
  link.className = "title";
  link.dir = "auto";
  if (href) link.href = href;
  box.append(link);
  if (value.note) {
    const note = document.createElement("div");
    note.className = "note";
    note.dir = "auto";
    note.textContent = value.note;
    box.append(note);
  }
  return box;
}

function fill(cell, column, row) {
  const value = row[column.key];
  if (value === null || value === undefined || value === "") {
    cell.textContent = "–";
    cell.classList.add("none");
  } else if (column.kind === "title") cell.append(titled(value, row._href));
  else if (column.kind === "badge") cell.append(badge(value));
  else if (column.kind === "badges") value.forEach((one) => cell.append(badge(one), " "));
  else if (column.kind === "spark") cell.append(spark(value));
  else if (column.kind === "share") cell.append(share(value));
  else if (column.kind === "number") cell.textContent = Number(value).toLocaleString("en");
  else if (column.kind === "time") {
    cell.textContent = ago(value);
    cell.title = new Date(value).toLocaleString();
  } else {
    cell.textContent = value;
    cell.dir = "auto";
  }
}

function order(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" ? (value.part ?? value.order ?? value.text) : value;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector("#table");
  let sorted = host._sorted ?? { key: null, down: true };
  const draw = () => {
    const table = document.createElement("table");
    if (data.dense) table.className = "dense";
    const head = table.createTHead().insertRow();
    for (const column of data.columns) {
      const th = document.createElement("th");
      th.scope = "col";
      if (column.width) th.style.width = column.width;
      th.className = column.align || "";
      const button = document.createElement("button");
      button.type = "button";
      const mark = sorted.key === column.key ? (sorted.down ? " ↓" : " ↑") : "";
      button.textContent = column.label + mark;
      button.onclick = () => {
        sorted = { key: column.key, down: sorted.key === column.key ? !sorted.down : true };
        host._sorted = sorted;
        draw();
      };
      th.append(button);
      head.append(th);
    }
    const rows = [...data.rows];
    if (sorted.key) {
      const sign = sorted.down ? -1 : 1;
      rows.sort((a, b) => {
        const [x, y] = [order(a[sorted.key]), order(b[sorted.key])];
        const unlike = typeof x === "number" && typeof y === "number"
          ? x - y : String(x).localeCompare(String(y));
        return sign * unlike;
      });
    }
    const body = table.createTBody();
    for (const row of rows) {
      const tr = body.insertRow();
      for (const column of data.columns) {
        const td = tr.insertCell();
        td.className = `${column.kind || "text"} ${column.align || ""}`;
        fill(td, column, row);
      }
      if (row._id !== undefined) {
        tr.className = "opens";
        tr.onclick = (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
          event.preventDefault();
          setTriggerValue("open", String(row._id));
        };
        if (!row._href) {
          tr.tabIndex = 0;
          tr.onkeydown = (event) => {
            if (event.key === "Enter") setTriggerValue("open", String(row._id));
          };
        }
      }
    }
    host.replaceChildren(table);
  };
  draw();
}
