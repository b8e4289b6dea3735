(() => {
"use strict";
// Everything here is a convenience: without it, lists are in the order that matters most, and complete.
const cells = row => row.children;

const valueOf = (cell, number) => {
	if (!number) return cell.textContent.trim();
	return cell.dataset.v === undefined ? NaN : Number(cell.dataset.v);
};

// Rows without a value come last in both directions.
const compare = (a, b, number, up) => {
	if (number) {
		if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
		return up ? a - b : b - a;
	}
	if (!a || !b) return !a - !b;
	return up ? collator.compare(a, b) : collator.compare(b, a);
};
const collator = new Intl.Collator("en", {numeric: true, sensitivity: "base"});

const sortable = table => {
	const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
	heads.forEach((head, column) => {
		const number = head.classList.contains("n");
		const button = document.createElement("button");
		button.type = "button";
		button.textContent = head.textContent;
		head.textContent = "";
		head.append(button);
		head.setAttribute("aria-sort", "none");
		button.addEventListener("click", () => {
			const now = head.getAttribute("aria-sort");
			// Of numbers the largest are wanted first, of names the first.
			const up = now === "none" ? !number : now === "descending";
			for (const other of heads) other.setAttribute("aria-sort", "none");
			head.setAttribute("aria-sort", up ? "ascending" : "descending");
			const rows = [...body.rows].map((row, place) => [valueOf(cells(row)[column], number), place, row]);
			rows.sort((a, b) => compare(a[0], b[0], number, up) || a[1] - b[1]);
			body.append(...rows.map(x => x[2]));
		});
	});
};

const filterable = (list, table) => {
	const rows = [...table.tBodies[0].rows];
	if (rows.length < 8) return;
	const tools = document.createElement("div"), label = document.createElement("label"), input = document.createElement("input"), said = document.createElement("output");
	tools.className = "tools";
	label.textContent = "Filter";
	input.type = "search";
	input.setAttribute("aria-label", "Filter: " + table.caption.textContent.trim());
	input.setAttribute("aria-controls", table.id);
	label.append(input);
	said.setAttribute("role", "status");
	tools.append(label, said);
	list.prepend(tools);
	let texts;
	const filter = () => {
		texts ??= rows.map(row => row.textContent.toLowerCase());
		const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
		let shown = 0;
		rows.forEach((row, i) => {
			row.hidden = !words.every(word => texts[i].includes(word));
			shown += !row.hidden;
		});
		said.textContent = words.length ? shown + " of " + rows.length + " rows" : "";
	};
	input.addEventListener("input", filter);
};

// A link to something inside a closed part opens it.
const open = () => {
	const to = document.querySelector(":target");
	if (!to) return;
	for (let x = to; x; x = x.parentElement) if (x.tagName === "DETAILS") x.open = true;
	to.scrollIntoView();
};

for (const list of document.querySelectorAll("[data-list]")) {
	const table = list.querySelector("table");
	filterable(list, table);
	sortable(table);
}
addEventListener("hashchange", open);
open();
})();
