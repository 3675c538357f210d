// SPDX-License-Identifier: Apache-2.0
// Every page: tables sorted by a click on a head.

// One collator for all comparisons: making one for each takes most of the time of a long sort.
const collator = new Intl.Collator(undefined, {numeric: true});

/** Rows in the order of their cells at `index`: numbers as numbers, what is not known last either way. */
function sorted(rows, index, up) {
  const keyed = rows.map(row => {
    const cell = row.cells[index];
    return {row, key: cell?.dataset.key ?? cell?.textContent ?? ""};
  });
  const known = keyed.filter(item => item.key !== "");
  const numeric = known.every(item => !isNaN(item.key));
  if (numeric) for (const item of known) item.key = Number(item.key);
  const compare = numeric ? (a, b) => a.key - b.key : (a, b) => collator.compare(a.key, b.key);
  known.sort((a, b) => up ? compare(a, b) : compare(b, a));
  return [...known, ...keyed.filter(item => item.key === "")].map(item => item.row);
}

for (const button of document.querySelectorAll("th button")) button.onclick = () => {
  const head = button.parentElement, body = head.closest("table").tBodies[0];
  const up = head.ariaSort !== "ascending";
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.ariaSort = up ? "ascending" : "descending";
  body.append(...sorted([...body.rows], head.cellIndex, up));
  const box = head.closest(".scroll");
  box.scrollTop = 0;
  // A head that stays in view while the page scrolls may be clicked far below its first row.
  if (box.getBoundingClientRect().top < 0) box.scrollIntoView();
};
