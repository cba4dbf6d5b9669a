// Errors of a form, shown in place, as the site shows them on a page that it sends again.

function wrapperOf(field) {
  return field.closest(".field, .drop") ?? field.parentElement;
}

export function clearErrors(form, problem) {
  problem.hidden = true;
  problem.replaceChildren();
  form.querySelectorAll(".has-errors").forEach((each) => each.classList.remove("has-errors"));
  form.querySelectorAll(".errorlist").forEach((each) => each.remove());
  form.querySelector("[data-known]")?.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    const own = `${field.id}_error`;
    const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== own);
    if (others.length) field.setAttribute("aria-describedby", others.join(" "));
    else field.removeAttribute("aria-describedby");
  }
}

// `errors` maps the name of each field to its reasons; `__all__` is the form itself.
export function showErrors(form, problem, errors, summary) {
  clearErrors(form, problem);
  let first = null;
  const general = summary ? [summary] : [];
  for (const [name, reasons] of Object.entries(errors)) {
    const field = form.querySelector(`[name="${name}"]:not([type=hidden])`);
    if (!field || field.disabled) {
      general.push(...reasons);
      continue;
    }
    const list = document.createElement("ul");
    list.className = "errorlist";
    list.id = `${field.id}_error`;
    for (const reason of reasons) list.append(Object.assign(document.createElement("li"), { textContent: reason }));
    const wrapper = wrapperOf(field);
    wrapper.classList.add("has-errors");
    wrapper.append(list);
    field.setAttribute("aria-invalid", "true");
    const described = [field.getAttribute("aria-describedby"), list.id].filter(Boolean).join(" ");
    field.setAttribute("aria-describedby", described);
    first ??= field;
  }
  for (const reason of general) problem.append(Object.assign(document.createElement("p"), { textContent: reason }));
  problem.hidden = !general.length;
  // The field is read out with its reasons.
  first?.focus();
}

// What a browser sees without the site: fields that are empty, or hold what they cannot hold.
export function missingFields(form, words) {
  const errors = {};
  for (const field of form.elements) {
    if (!field.name || field.type === "file" || field.disabled || field.validity.valid) continue;
    errors[field.name] = [field.validity.valueMissing ? words.required : field.validationMessage];
  }
  return errors;
}
