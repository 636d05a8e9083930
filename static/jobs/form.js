// The job form: an unticked box says "false"; a value that differs from the default says so and can be put back.
for (const off of document.querySelectorAll("[data-off-for]")) {
  const box = document.getElementById(off.dataset.offFor);
  const sync = () => { off.disabled = box.checked; };
  box.addEventListener("change", sync);
  sync();
}
for (const input of document.querySelectorAll("[data-default]")) {
  const standard = input.dataset.default;
  if (!standard) continue;
  const label = document.querySelector(`label[for="${input.id}"]`);
  const mark = label.querySelector(".d-changed");
  if (mark) {
    mark.title = standard;
    mark.addEventListener("click", () => { input.value = standard; mark.remove(); });
  }
}
