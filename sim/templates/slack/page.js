// Keeps the page up to date: after every change the same page is fetched again and its parts are put in place.
'use strict';

const frameOf = (root) => root.querySelector('#frame');

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

async function refresh() {
  const response = await fetch(location.href, { cache: 'no-store' });
  if (!response.ok) return;
  const next = new DOMParser().parseFromString(await response.text(), 'text/html');
  const seen = new Set([...document.querySelectorAll('.message')].map((message) => message.id));
  const lists = [...document.querySelectorAll('.messages')].map((list) => [atEnd(list), list.scrollTop]);
  frameOf(document).replaceWith(document.adoptNode(frameOf(next)));
  localTimes(document);
  document.querySelectorAll('.messages').forEach((list, index) => {
    const [end, top] = lists[index] || [true, 0];
    list.scrollTop = end ? list.scrollHeight : top;
  });
  for (const message of document.querySelectorAll('.message')) {
    if (!seen.has(message.id)) message.classList.add('new');
  }
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

// The buttons of the panel work in the background; what they do shows in the channel.
document.addEventListener('submit', (event) => {
  event.preventDefault();
  fetch(event.target.action, { method: 'POST' }).then(changed);
});

let first = true;
new EventSource('/changes').onmessage = () => { if (first) { first = false; } else { changed(); } };
