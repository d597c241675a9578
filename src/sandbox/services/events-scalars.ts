// The scalars of a task as curves, for plots and for the SDK's `get_reported_scalars`.
import { groupBy } from '../../base/group-by.ts';
import * as z from 'zod';
import { endpoint, oneTask, type Fields, type Service } from '../requests/endpoint.ts';
import { texts, type EventDocument } from '../store/documents.ts';
import { findTask } from '../tasks/status-change.ts';
import type { Store } from '../store/store.ts';

const curvesRequest = z.object({
  ...oneTask.shape,
  /** The most points of one curve. */
  samples: z.number().int().min(1).max(6000).default(2000),
  key: z.enum(['iter', 'timestamp', 'iso_time']).default('iter'),
  metrics: z.array(z.object({ metric: z.string(), variants: texts.default([]) })).default([]),
});

type CurvesRequest = z.infer<typeof curvesRequest>;

/** The iteration of a value that `report_single_value` reports. */
const SINGLE_VALUE_ITERATION = -(2 ** 31);

export function createEventsScalarsService(store: Store): Service {
  const scalarsOf = (task: string): EventDocument[] =>
    store.events.of(task).filter(({ type }) => type === 'training_stats_scalar');

  return {
    'events.scalar_metrics_iter_histogram': endpoint(curvesRequest, (request) => {
      findTask(store, request.task);
      const wanted = scalarsOf(request.task).filter(
        (event) => isWanted(event, request) && event['iter'] !== SINGLE_VALUE_ITERATION,
      );
      const metrics: Record<string, Record<string, Fields>> = {};
      for (const [metric, ofMetric] of groupByName(wanted, 'metric')) {
        const curves = groupByName(ofMetric, 'variant').map(([variant, events]): [string, Fields] => [
          variant,
          { name: variant, ...curveOf(events, request) },
        ]);
        metrics[metric] = Object.fromEntries(curves);
      }
      return metrics;
    }),
  };
}

function isWanted(event: EventDocument, { metrics }: CurvesRequest): boolean {
  const isAsked = ({ metric, variants }: CurvesRequest['metrics'][number]): boolean =>
    metric === event['metric'] && (variants.length === 0 || variants.includes(String(event['variant'])));
  return metrics.length === 0 || metrics.some(isAsked);
}

/** The events by their metric or variant, in the order of the names. */
function groupByName(events: readonly EventDocument[], field: 'metric' | 'variant'): [string, EventDocument[]][] {
  return [...groupBy(events, (event) => String(event[field]))].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Averages the values of each interval, the intervals as wide as it takes to have no more points than asked for. */
function curveOf(events: readonly EventDocument[], { samples, key }: CurvesRequest): Fields {
  const at = (event: EventDocument): number => (key === 'iter' ? Number(event['iter'] ?? 0) : event.timestamp);
  const places = events.map(at).sort((one, other) => one - other);
  const width = Math.max(1, Math.ceil(((places.at(-1) ?? 0) - (places[0] ?? 0) + 1) / samples));
  const byPlace = groupBy(events, (event) => Math.floor(at(event) / width) * width);
  const points = [...byPlace].sort(([one], [other]) => one - other);
  return {
    x: points.map(([place]) => (key === 'iso_time' ? new Date(place).toISOString() : place)),
    y: points.map(([, its]) => its.reduce((sum, event) => sum + Number(event['value']), 0) / its.length),
  };
}
