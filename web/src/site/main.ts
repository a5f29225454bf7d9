/** Every page: appearance, local times, small comforts. All of it works without, too. */
import { themeButton } from "../lib/theme";
import { copyButtons } from "../lib/copy";
import { setStrings } from "../lib/strings";

for (const toggle of document.querySelectorAll<HTMLElement>("[data-theme-toggle]")) {
  themeButton(toggle);
}

const format = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "medium",
  timeStyle: "short",
});
for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-local]")) {
  const at = new Date(time.dateTime);
  if (!Number.isNaN(at.getTime())) time.textContent = format.format(at);
}

// A double click must not send a form twice.
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset["sent"]) event.preventDefault();
    form.dataset["sent"] = "yes";
    form.querySelector("button[type=submit]")?.setAttribute("aria-busy", "true");
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-once]")) {
    delete form.dataset["sent"];
    form.querySelector("button[type=submit]")?.removeAttribute("aria-busy");
  }
});
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset["confirm"])) event.preventDefault();
  });
}

// One menu at a time; Escape and a click elsewhere close it.
for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu")) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target as Node)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}

// The lab page has its own texts, sent with its data, and its own code blocks.
if (!document.getElementById("lab-data")) {
  const { copy, copied } = document.body.dataset;
  setStrings({ copy: copy ?? "", copied: copied ?? "" });
  copyButtons(document);
}

// The lesson's table of contents shows where one is; on narrow screens it starts folded.
const contents = document.querySelector<HTMLDetailsElement>("[data-contents]");
if (contents) {
  if (matchMedia("(max-width: 1100px)").matches) contents.open = false;
  const links = new Map<string, HTMLAnchorElement>();
  for (const link of contents.querySelectorAll<HTMLAnchorElement>("a[href^='#']")) {
    links.set(decodeURIComponent(link.hash.slice(1)), link);
  }
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(entry.target.id)?.setAttribute("aria-current", "location");
      }
    },
    { rootMargin: "-10% 0px -75% 0px" },
  );
  for (const id of links.keys()) {
    const heading = document.getElementById(id);
    if (heading) observer.observe(heading);
  }
}
