// SPDX-License-Identifier: Apache-2.0
// A table of images: which rows are shown, which columns, and the picture enlarged from the file beside the page.

const FEW = 50;  // rows

for (const part of document.querySelectorAll(".images")) {
  const find = selector => part.querySelector(selector);
  const table = find("table"), body = table.tBodies[0], search = find("input"), clear = find(".clear");
  const chips = [...part.querySelectorAll("[data-chip]")];
  const pressed = chip => chip.getAttribute("aria-pressed") === "true";
  const press = (button, on) => button.setAttribute("aria-pressed", on);
  const items = [...body.rows].map(row => ({
    row,
    name: row.querySelector(".name").textContent.toLowerCase(),
    chips: new Set(row.dataset.chips.split(" ")),
  }));

  // Chips of one group widen the choice (hair or dark corners), groups and the text narrow it (and called melanoma):
  // each group answers a question of its own, and an image may have several flags but every question is asked of it.
  const filter = () => {
    const text = search.value.trim().toLowerCase();
    const groups = [...part.querySelectorAll(".chips")]
      .map(group => [...group.querySelectorAll("[data-chip]")].filter(pressed).map(chip => chip.dataset.chip))
      .filter(group => group.length);
    let shown = 0;
    for (const item of items) {
      const chosen = item.name.includes(text) && groups.every(group => group.some(chip => item.chips.has(chip)));
      if (item.row.hidden === chosen) item.row.hidden = !chosen;
      shown += chosen;
    }
    find(".shown").textContent = shown < 10000 ? shown : shown.toLocaleString("en").replace(/,/g, "\u202f");
    find(".empty").hidden = shown > 0;
    clear.hidden = !text && !groups.length;
    find(".scroll").scrollTop = 0;
  };
  search.oninput = filter;
  for (const chip of chips) chip.onclick = () => { press(chip, !pressed(chip)); filter(); };
  clear.onclick = () => { for (const chip of chips) press(chip, false); search.value = ""; filter(); search.focus(); };

  // Few rows are shown whole, and the head stays at the window's top. Many have a box to scroll in, and so have columns
  // that do not fit beside each other: within it the head stays, for a box that scrolls sideways holds it either way.
  const box = find(".scroll");
  const fit = () => {
    const fits = parseFloat(getComputedStyle(table).minWidth) <= box.offsetWidth - 2 * box.clientLeft;
    part.classList.toggle("whole", items.length <= FEW && fits);
  };
  new ResizeObserver(fit).observe(part);

  const columns = find(".columns");
  if (columns) columns.onclick = () => {
    press(columns, table.classList.toggle("every"));
    fit();
    columns.textContent = pressed(columns) ? "Fewer columns" : "More columns";
    if (pressed(columns)) find("thead .folded").scrollIntoView({block: "nearest", inline: "center"});
  };

  const viewer = find(".viewer"), large = viewer.querySelector("img");
  const previous = viewer.querySelector(".previous"), next = viewer.querySelector(".next");
  let current;
  const link = row => row.querySelector("td.picture a");
  const pictured = () => [...body.rows].filter(row => !row.hidden && link(row));

  // The file beside the page; the small picture inside the page when it is slow or was left behind.
  const enlarge = row => {
    const small = link(row).firstElementChild, file = new Image();
    const put = picture => {
      if (current !== row) return;
      large.src = picture.src;
      large.alt = `answer for ${row.querySelector(".name").textContent}`;
      // How many panels lie abreast, the first of which is the thumbnail; captions below make a picture no wider.
      const aspect = image => image.naturalWidth / image.naturalHeight;
      large.style.setProperty("--panels", Math.max(1, Math.ceil(aspect(picture) / aspect(small) - .1)));
    };
    const late = setTimeout(put, 200, small);
    file.onload = () => { clearTimeout(late); put(file); };
    file.onerror = () => { clearTimeout(late); put(small); };
    file.src = link(row).href;
  };

  const describe = row => {
    const heads = table.tHead.rows[0].cells;
    const facts = [...row.cells].filter(cell => cell.matches("td:not(.picture, .folded, :empty)")).map(cell => {
      const [fact, head, value] = ["div", "dt", "dd"].map(name => document.createElement(name));
      head.textContent = heads[cell.cellIndex].textContent;
      value.className = cell.className;
      value.append(...cell.cloneNode(true).childNodes);
      fact.append(head, value);
      return fact;
    });
    viewer.querySelector("dl").replaceChildren(...facts);
    viewer.querySelector(".title").textContent = row.querySelector(".name").textContent;
  };

  const show = row => {
    const all = pictured(), at = all.indexOf(row);
    current = row;
    enlarge(row);
    describe(row);
    viewer.querySelector(".place").textContent = `${at + 1} of ${all.length}`;
    // A button that is disabled loses the focus, and with it the keys.
    previous.ariaDisabled = at === 0;
    next.ariaDisabled = at === all.length - 1;
    if (!viewer.open) viewer.showModal();
  };
  const step = by => {
    const all = pictured(), row = all[all.indexOf(current) + by];
    if (row) show(row);
  };
  body.onclick = event => {
    const clicked = event.target.closest("td.picture a");
    // With a modifier the browser opens the file in a tab of its own, as of any link.
    if (!clicked || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(clicked.closest("tr"));
  };
  previous.onclick = () => step(-1);
  next.onclick = () => step(1);
  viewer.onkeydown = event => {
    const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (by) { event.preventDefault(); step(by); }
  };
  viewer.querySelector(".close").onclick = () => viewer.close();
  viewer.onclick = event => { if (event.target.matches(".viewer, .pane, .pane img")) viewer.close(); };
  viewer.onclose = () => { large.removeAttribute("src"); link(current).focus(); current = undefined; };

  for (const hidden of part.querySelectorAll(".tools, .columns")) hidden.hidden = false;
}
