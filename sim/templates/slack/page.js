// Keeps the page up to date, and makes it live: the composer, its completions, buttons and menus.
// After every change the same page is fetched again; only what differs is put in place, so that what one is typing,
// choosing or reading stays.
'use strict';

const me = document.body.dataset.as;
const channel = document.body.dataset.channel;

// ---- Up to date

const sources = new WeakMap();
for (const node of document.querySelectorAll('.messages > *')) sources.set(node, node.outerHTML);

function localTimes(root) {
  for (const time of root.querySelectorAll('time[datetime]')) {
    const date = new Date(time.dateTime);
    time.textContent = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
    time.title = date.toLocaleString();
  }
}

function atEnd(list) {
  return list.scrollHeight - list.scrollTop - list.clientHeight < 80;
}

// Puts the children of `next` in place of those of `list`, keeping the nodes that stayed the same.
function update(list, next) {
  const end = atEnd(list);
  const old = new Map([...list.children].map((node) => [node.id, node]));
  const focused = document.activeElement?.closest?.('[data-at]');
  const focus = focused && list.contains(focused) && [focused.closest('.message').id, focused.dataset.at];
  const children = [...next.children].map((fresh) => {
    const source = fresh.outerHTML;
    const before = fresh.id && old.get(fresh.id);
    if (before && sources.get(before) === source) return before;
    const node = document.adoptNode(fresh);
    sources.set(node, source);
    localTimes(node);
    if (!before && node.classList.contains('message')) node.classList.add('new');
    return node;
  });
  const same = children.length === list.children.length && children.every((node, index) => node === list.children[index]);
  if (same) return;
  list.replaceChildren(...children);
  if (end) list.scrollTop = list.scrollHeight;
  if (focus) document.getElementById(focus[0])?.querySelector(`[data-at="${focus[1]}"]`)?.focus();
}

async function refresh() {
  const response = await fetch(location.href, { cache: 'no-store' });
  if (!response.ok) return;
  const next = new DOMParser().parseFromString(await response.text(), 'text/html');
  for (const list of document.querySelectorAll('.messages')) {
    const fresh = next.getElementById(list.id);
    if (fresh) update(list, fresh);
  }
  const [panel, fresh] = [document.getElementById('panel'), next.getElementById('panel')];
  if (panel && fresh && panel.innerHTML !== fresh.innerHTML) panel.innerHTML = fresh.innerHTML;
  show(next.getElementById('view'));
}

// The dialog that the app has opened, if there is one; one that is being filled in stays as it is.
function show(fresh) {
  const before = document.getElementById('view');
  if (before?.dataset.view === fresh?.dataset.view && before?.open) return;
  if (before !== fresh) before?.remove();
  if (!fresh) return;
  const view = fresh.isConnected && fresh.ownerDocument === document ? fresh : document.adoptNode(fresh);
  if (!view.isConnected) document.body.append(view);
  view.showModal();
  view.querySelector('textarea')?.focus();
}

let running = false;
let again = false;
async function changed() {
  if (running) { again = true; return; }
  running = true;
  do { again = false; await refresh().catch(() => {}); } while (again);
  running = false;
}

localTimes(document);
document.querySelectorAll('.messages').forEach((list) => { list.scrollTop = list.scrollHeight; });

// Every connection begins with an event; what happened between the page and the first one would be missed otherwise.
new EventSource('/changes').onmessage = changed;

// ---- What is sent

function post(path, body) {
  return fetch(path, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ as: me, channel, ...body }),
  });
}

let toastTimer;
function toast(text) {
  const box = document.getElementById('toast');
  box.textContent = text;
  box.classList.add('shown');
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove('shown'), 6000);
}

async function confirmed(element) {
  const { confirm, confirmTitle, confirmYes, confirmNo } = element.dataset;
  if (confirm === undefined) return true;
  const dialog = document.getElementById('confirm');
  const [no, yes] = dialog.querySelectorAll('button');
  dialog.querySelector('h2').textContent = confirmTitle;
  dialog.querySelector('p').textContent = confirm;
  no.textContent = confirmNo || 'Cancel';
  yes.textContent = confirmYes || 'Confirm';
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

async function interact(element, option) {
  if (element.classList.contains('busy') || !(await confirmed(element))) return;
  element.classList.add('busy');
  element.setAttribute('aria-busy', 'true');
  try {
    const answer = await post('/interact', {
      ts: element.closest('.message').dataset.ts, at: element.dataset.at, option,
    });
    const { problem } = await answer.json();
    if (problem) toast(problem);
  } catch {
    toast('The simulation could not be reached.');
  } finally {
    element.classList.remove('busy');
    element.removeAttribute('aria-busy');
  }
}

document.addEventListener('click', (event) => {
  const element = event.target.closest('.message .button[data-at]:not(select)');
  if (element) interact(element, null);
});

document.addEventListener('change', async (event) => {
  if (!event.target.matches('.message select[data-at]') || event.target.value === '') return;
  await interact(event.target, Number(event.target.value));
});

document.addEventListener('submit', async (event) => {
  const view = event.target.closest('#view');
  if (!view) return;
  event.preventDefault();
  const texts = [...view.querySelectorAll('[data-block]')].map((input) => [input.dataset.block, input.value]);
  try {
    const { problem } = await (await post('/submit', { view: view.dataset.view, texts })).json();
    if (problem) toast(problem);
  } catch {
    toast('The simulation could not be reached.');
  }
});

function dismiss(view) {
  view.remove();
  post('/close', { view: view.dataset.view });
}

document.addEventListener('click', (event) => {
  if (event.target.closest('#view [data-close]')) dismiss(event.target.closest('#view'));
});

// The escape key.
document.addEventListener('cancel', (event) => {
  if (event.target.id === 'view') dismiss(event.target);
}, true);

show(document.getElementById('view'));

// The buttons of the panel work in the background; what they do shows in the channel.
document.addEventListener('submit', (event) => {
  if (!event.target.closest('#panel')) return;
  event.preventDefault();
  fetch(event.target.action, { method: 'POST' }).then(changed);
});

// ---- The composer

const completions = [...document.getElementById('completions').content.querySelectorAll('li')];

function composer(form) {
  const input = form.querySelector('textarea');
  const list = form.querySelector('.suggestions');
  const send = form.querySelector('.send');
  let chosen = -1;

  function fit() {
    input.style.height = 'auto';
    input.style.height = `${Math.min(input.scrollHeight, 160)}px`;
    send.disabled = input.value.trim() === '';
  }

  function choose(index) {
    chosen = index;
    [...list.children].forEach((item, number) => item.setAttribute('aria-selected', String(number === index)));
    const item = list.children[index];
    if (item) {
      input.setAttribute('aria-activedescendant', item.id);
      item.scrollIntoView({ block: 'nearest' });
    } else {
      input.removeAttribute('aria-activedescendant');
    }
  }

  function suggest() {
    const typed = input.value;
    const open = /^\/\S*$/.test(typed) || /^@\S*$/.test(typed);
    const items = open ? completions.filter((item) => item.dataset.fill.startsWith(typed.toLowerCase())) : [];
    list.replaceChildren(...items.map((item, index) => {
      const copy = item.cloneNode(true);
      copy.id = `${list.id}-${index}`;
      return copy;
    }));
    list.hidden = items.length === 0;
    input.setAttribute('aria-expanded', String(items.length > 0));
    choose(items.length > 0 ? 0 : -1);
  }

  function close() {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    choose(-1);
  }

  function fill(text) {
    input.value = text;
    fit();
    suggest();
    input.focus();
    input.setSelectionRange(text.length, text.length);
  }

  async function submit() {
    const text = input.value.trim();
    if (text === '' || send.classList.contains('busy')) return;
    close();
    send.classList.add('busy');
    input.value = '';
    fit();
    try {
      const answer = await post('/send', { text, thread: form.dataset.thread || null });
      if (!answer.ok) throw new Error();
    } catch {
      toast('This could not be sent.');
      if (input.value === '') fill(text);
    } finally {
      send.classList.remove('busy');
    }
  }

  input.addEventListener('input', () => { fit(); suggest(); });
  input.addEventListener('blur', () => setTimeout(close, 150));
  input.addEventListener('focus', suggest);
  input.addEventListener('keydown', (event) => {
    // What ends a Korean syllable is not meant for us.
    if (event.isComposing) return;
    const count = list.children.length;
    if (!list.hidden) {
      const complete = chosen >= 0 && list.children[chosen].dataset.fill;
      if (event.key === 'ArrowDown') { event.preventDefault(); choose((chosen + 1) % count); return; }
      if (event.key === 'ArrowUp') { event.preventDefault(); choose((chosen + count - 1) % count); return; }
      if (event.key === 'Escape') { event.preventDefault(); close(); return; }
      const half = complete && input.value.trim() !== complete.trim();
      if (half && (event.key === 'Tab' || event.key === 'Enter')) { event.preventDefault(); fill(complete); return; }
    }
    if (event.key === 'Enter' && !event.shiftKey) { event.preventDefault(); submit(); }
  });
  list.addEventListener('mousedown', (event) => {
    const item = event.target.closest('li');
    event.preventDefault();
    if (item) fill(item.dataset.fill);
  });
  form.querySelectorAll('[data-insert]').forEach((button) => {
    button.addEventListener('click', () => fill(button.dataset.insert));
  });
  form.addEventListener('submit', (event) => { event.preventDefault(); submit(); });
  fit();
}

document.querySelectorAll('.composer').forEach(composer);
