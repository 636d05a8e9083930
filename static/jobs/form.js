// The job form: an unticked box says "false"; a value that differs from the default says so and can be put back;
// files are sent with a bar that shows how far they are.

function begin() {
  for (const off of document.querySelectorAll("[data-off-for]")) {
    const box = document.getElementById(off.dataset.offFor);
    const sync = () => { off.disabled = box.checked; };
    box.addEventListener("change", sync);
    sync();
  }
  for (const input of document.querySelectorAll("[data-default]")) {
    const standard = input.dataset.default;
    if (!standard) continue;
    const mark = document.querySelector(`label[for="${input.id}"]`).querySelector(".d-changed");
    if (mark) {
      mark.title = standard;
      mark.addEventListener("click", () => { input.value = standard; mark.remove(); });
    }
  }
  const form = document.querySelector(".j-form");
  form.addEventListener("submit", (event) => send(event, form));
}

function chosen(form) {
  return [...form.querySelectorAll('input[type="file"]')].flatMap((box) =>
    [...box.files].map((file) => ({ file, limit: Number(box.dataset.limit) || Infinity })));
}

// Without files, and without JavaScript, the browser sends the form itself.
function send(event, form) {
  const files = chosen(form);
  if (!files.length) return;
  event.preventDefault();
  const sending = form.querySelector(".j-sending");
  const [bar, words] = [sending.querySelector("progress"), sending.querySelector("[role=status]")];
  const buttons = [...form.querySelectorAll("button[type=submit]")];
  const stop = (text) => { words.textContent = text; for (const button of buttons) button.disabled = false; };
  sending.hidden = false;
  if (files.some(({ file, limit }) => file.size > limit)) { stop(sending.dataset.large); return; }
  const body = new FormData(form, event.submitter);
  for (const button of buttons) button.disabled = true;
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = total ? loaded / total : 0;
    words.textContent = `${Math.round(100 * bar.value)} %`;
  });
  request.addEventListener("error", () => stop(sending.dataset.failed));
  request.addEventListener("load", () => {
    if (request.status < 400) { location.assign(request.responseURL); return; }
    // A refusal is the same page with its reasons: it takes this one's place, the chosen files are chosen anew.
    const main = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("main");
    if (!main?.querySelector(".j-form")) {
      const reason = main ? main.querySelector("[role=alert] p:not(.d-muted)")?.textContent : request.responseText.slice(0, 300);
      stop(reason || sending.dataset.failed);
      return;
    }
    document.querySelector("main").replaceWith(main);
    begin();
    scrollTo(0, 0);
  });
  request.open("POST", form.action || location.href);
  request.send(body);
}

begin();
