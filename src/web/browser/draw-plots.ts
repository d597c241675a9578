// Draws the plots with uPlot.
import uPlot from 'uplot';
import { formatDuration } from '../../base/format-duration.ts';
import type { Plot, Plots } from '../pages/plot-series.ts';

const HEIGHT = 150;
const drawn = new Map<Element, uPlot>();

/** Loads the series, draws each plot again and fills its table. Without a response, the plots stay as they are. */
export async function drawPlots(root: HTMLElement, range: string): Promise<void> {
  const response = await fetch(`/plots.json?range=${encodeURIComponent(range)}`).catch(() => undefined);
  if (response?.ok !== true) return;
  const { times, plots } = (await response.json()) as Plots;
  for (const plot of plots) {
    const element = root.querySelector<HTMLElement>(`[data-plot="${plot.id}"]`);
    if (element === null) continue;
    drawn.get(element)?.destroy();
    drawn.set(element, draw(element, plot, times));
    const figure = element.closest('figure');
    const isEmpty = plot.series.every(({ values }) => values.every((value) => value === null || value === 0));
    figure?.querySelector('.empty')?.toggleAttribute('hidden', !isEmpty);
    const table = figure?.querySelector('table');
    if (table) fillTable(table, plot, times);
  }
  root.dataset['drawn'] = 'true';
}

function formatValue(value: number | null | undefined, { unit }: Plot): string {
  if (value === null || value === undefined) return '–';
  return unit === 'seconds' ? formatDuration(value * 1000) : String(value);
}

function fillTable({ tHead, tBodies }: HTMLTableElement, plot: Plot, times: readonly number[]): void {
  tHead?.replaceChildren(
    rowOf(
      headOf('col', 'Until'),
      plot.series.map(({ name }) => headOf('col', name)),
    ),
  );
  const rows = times.map((at, index) => {
    const time = document.createElement('time');
    time.dateTime = new Date(at * 1000).toISOString();
    const cells = plot.series.map(({ values }) => {
      const cell = document.createElement('td');
      cell.textContent = formatValue(values[index], plot);
      return cell;
    });
    return rowOf(headOf('row', time), cells);
  });
  tBodies[0]?.replaceChildren(...rows);
}

function headOf(scope: string, content: string | Node): HTMLElement {
  const head = document.createElement('th');
  head.scope = scope;
  head.append(content);
  return head;
}

function rowOf(head: HTMLElement, cells: readonly HTMLElement[]): HTMLElement {
  const row = document.createElement('tr');
  row.append(head, ...cells);
  return row;
}

function color(element: Element, index: number): string {
  return getComputedStyle(element).getPropertyValue(`--plot-${index % 8}`);
}

/** A fixed color for a state, an order of colors for the rest. */
function colorOf(element: Element, name: string, index: number): string {
  const named = ['running', 'pending in Slurm', 'waiting in ClearML'].indexOf(name);
  const ends = ['completed', 'failed', 'aborted', 'timeout', 'out of memory', 'node failure'].indexOf(name);
  if (named >= 0) return color(element, named);
  if (ends >= 0) return getComputedStyle(element).getPropertyValue(`--end-${ends}`);
  return color(element, index);
}

function draw(element: HTMLElement, plot: Plot, times: readonly number[]): uPlot {
  const { kind, unit, series } = plot;
  const style = getComputedStyle(element);
  const text = style.getPropertyValue('--quiet');
  const grid = { stroke: style.getPropertyValue('--line'), width: 1 };
  const axis = { stroke: text, grid, ticks: { show: false }, font: '11px system-ui, sans-serif' };
  const values = kind === 'stacked' ? stacked(series.map((one) => one.values)) : series.map((one) => one.values);
  // The highest of a stack is drawn first, and the lower ones over it.
  const order = series.map((_, index) => index);
  if (kind === 'stacked') order.reverse();

  const isOfDays = (times.at(-1) ?? 0) - (times[0] ?? 0) > 2 * 86_400;
  const showMoment = (at: number): string =>
    new Date(at * 1000).toLocaleString(
      undefined,
      isOfDays ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit', hour12: false },
    );
  const isDashed = (at: number): boolean => series[order[at] ?? -1]?.name.endsWith('p90') === true;
  const strokes = order.map((index) =>
    colorOf(element, series[index]?.name ?? '', kind === 'lines' && unit === 'seconds' ? Math.floor(index / 2) : index),
  );
  const steps = uPlot.paths.stepped?.({ align: -1 });

  return new uPlot(
    {
      width: element.clientWidth,
      height: HEIGHT,
      cursor: { y: false },
      legend: {
        markers: { fill: (_plot, index) => (isDashed(index - 1) ? 'transparent' : (strokes[index - 1] ?? '')) },
      },
      scales: { y: { range: (_plot, _low, high) => [0, Math.max(unit === 'seconds' ? 60 : 4, (high || 0) * 1.1)] } },
      axes: [
        { ...axis, space: 60, size: 28, values: (_plot, splits) => splits.map(showMoment) },
        {
          ...axis,
          size: 48,
          values: (_plot, splits) => splits.map((split) => (Number.isInteger(split) ? formatValue(split, plot) : '')),
        },
      ],
      series: [
        { label: 'until', value: (_plot: uPlot, at: number | null) => (at === null ? '' : showMoment(at)) },
        ...order.map((index, at) => {
          const { name, values: own } = series[index] ?? { name: '', values: [] };
          const stroke = strokes[at] ?? '';
          return {
            label: name,
            stroke,
            width: 1.5,
            points: { show: kind === 'lines' && unit === 'seconds', size: 4 },
            ...(unit === 'seconds' ? { spanGaps: true } : {}),
            ...(kind === 'stacked' ? { fill: stroke } : {}),
            ...(steps === undefined || kind !== 'stacked' ? {} : { paths: steps }),
            ...(isDashed(at) ? { dash: [4, 3] } : {}),
            value: (_plot: uPlot, _value: number | null, _series: number, at: number | null) =>
              formatValue(at === null ? undefined : own[at], plot),
          };
        }),
      ],
    },
    [[...times], ...order.map((index) => [...(values[index] ?? [])])],
    element,
  );
}

function stacked(all: readonly (readonly (number | null)[])[]): number[][] {
  const sums: number[] = [];
  return all.map((values) =>
    values.map((value, index) => {
      sums[index] = (sums[index] ?? 0) + (value ?? 0);
      return sums[index];
    }),
  );
}
