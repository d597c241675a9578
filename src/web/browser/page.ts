// Runs in the browser: keeps the status page up to date, shows times relative to now, and draws the plots.
import { drawPlots } from './draw-plots.ts';
import { formatDuration } from '../../base/format-duration.ts';

const RELATIVE_EVERY_MS = 10_000;
const PLOTS_EVERY_MS = 60_000;
const CONNECT_AGAIN_MS = 10_000;

/** Shows `2 min ago`, or `in 3 h`, with the local time as the title. */
function showTimes(root: ParentNode): void {
  for (const element of root.querySelectorAll('time')) {
    const at = new Date(element.dateTime);
    const ms = new Date().getTime() - at.getTime();
    element.textContent = ms >= 0 ? `${formatDuration(ms)} ago` : `in ${formatDuration(-ms)}`;
    element.title = at.toLocaleString();
  }
}

/** Replaces the content of an element, and keeps the focus on the same link. */
function replace(id: string, content: string): void {
  const element = document.getElementById(id);
  if (element === null) return;
  const focused = document.activeElement;
  const link = focused instanceof HTMLAnchorElement && element.contains(focused) ? focused.getAttribute('href') : null;
  // The server escapes every value, as for the page itself.
  element.innerHTML = content;
  if (link !== null)
    for (const one of element.querySelectorAll('a'))
      if (one.getAttribute('href') === link) one.focus({ preventScroll: true });
  showTimes(element);
}

function follow(): void {
  const events = new EventSource(`/events${location.search}`);
  events.addEventListener('parts', (event: MessageEvent<string>) => {
    const parts = JSON.parse(event.data) as Record<string, string>;
    for (const [id, content] of Object.entries(parts)) replace(id, content);
    document.documentElement.classList.remove('stale');
  });
  events.addEventListener('error', () => {
    document.documentElement.classList.add('stale');
    // EventSource connects again by itself, but not after an HTTP error: that of a proxy while the daemon restarts, or of too many pages.
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, CONNECT_AGAIN_MS);
  });
}

showTimes(document);
setInterval(() => showTimes(document), RELATIVE_EVERY_MS);
const plots = document.getElementById('plots');
if (plots !== null) {
  follow();
  const { range = '24h' } = plots.dataset;
  const draw = async (): Promise<void> => {
    await drawPlots(plots, range);
    showTimes(plots);
  };
  void draw();
  setInterval(() => {
    if (document.visibilityState === 'visible') void draw();
  }, PLOTS_EVERY_MS);
  // The colors of the plots are those of the page.
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => void draw());
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    void draw();
  });
}
