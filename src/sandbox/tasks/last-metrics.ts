// The last values of a task's scalars (`last_metrics`), which hyperparameter optimizers read.
import { groupBy } from '../../base/group-by.ts';
import { createHash } from 'node:crypto';
import { isJsonObject } from '../../base/parse-json.ts';
import type { Fields } from '../requests/endpoint.ts';
import type { EventDocument } from '../store/documents.ts';

type Metrics = Readonly<Record<string, unknown>>;

/**
 * The task's metrics after one batch of its events. As on the real server (`get_last_metric_updates`), the value is that of
 * the latest iteration of the batch, even if an earlier batch had a later one; the extremes are those of all batches.
 */
export function addToLastMetrics(before: Metrics, events: readonly EventDocument[]): Metrics {
  const all = events.flatMap((event) => parseScalar(event) ?? []);
  const bySeries = groupBy(all, ({ metric, variant }) => JSON.stringify([metric, variant]));
  const metrics: Record<string, unknown> = { ...before };
  for (const scalars of bySeries.values()) {
    const [{ metric, variant }] = scalars as [Scalar, ...Scalar[]];
    const ofMetric = fieldsOf(metrics[hashOf(metric)]);
    const series = addToSeries(fieldsOf(ofMetric[hashOf(variant)]), scalars);
    metrics[hashOf(metric)] = { ...ofMetric, [hashOf(variant)]: { ...series, metric, variant } };
  }
  return metrics;
}

interface Scalar {
  readonly metric: string;
  readonly variant: string;
  readonly value: number;
  readonly iteration: number;
  readonly timestamp: number;
}

function parseScalar(event: EventDocument): Scalar | undefined {
  const { type, metric, variant, value, iter = 0, timestamp } = event;
  if (type !== 'training_stats_scalar' || typeof value !== 'number') return undefined;
  return { metric: String(metric), variant: String(variant), value, iteration: Number(iter), timestamp };
}

function addToSeries(before: Fields, scalars: readonly Scalar[]): Fields {
  const first = best(scalars, (one, other) => one.iteration < other.iteration);
  const last = best(scalars, (one, other) => !isEarlier(one, other));
  const min = best(scalars, (one, other) => one.value < other.value);
  const max = best(scalars, (one, other) => one.value > other.value);
  const { min_value: oldMin, max_value: oldMax, mean_value: mean, count } = before;
  const oldCount = typeof count === 'number' ? count : 0;
  const oldTotal = typeof mean === 'number' ? mean * oldCount : 0;
  const total = scalars.reduce((sum, { value }) => sum + value, oldTotal);
  return {
    ...(typeof before['first_value'] === 'number' ? {} : extreme('first', first)),
    ...before,
    value: last.value,
    ...(typeof oldMin === 'number' && oldMin <= min.value ? {} : extreme('min', min)),
    ...(typeof oldMax === 'number' && oldMax >= max.value ? {} : extreme('max', max)),
    count: oldCount + scalars.length,
    mean_value: Math.round((total / (oldCount + scalars.length)) * 100) / 100,
  };
}

function best(scalars: readonly Scalar[], isBetter: (one: Scalar, other: Scalar) => boolean): Scalar {
  return scalars.reduce((kept, one) => (isBetter(one, kept) ? one : kept));
}

function isEarlier(one: Scalar, other: Scalar): boolean {
  return one.iteration < other.iteration || (one.iteration === other.iteration && one.timestamp < other.timestamp);
}

function extreme(name: string, { value, iteration }: Scalar): Fields {
  return { [`${name}_value`]: value, [`${name}_value_iteration`]: iteration };
}

/** Names of metrics may have characters that the database forbids in a key. */
function hashOf(name: string): string {
  return createHash('md5').update(name).digest('hex');
}

function fieldsOf(value: unknown): Fields {
  return isJsonObject(value) ? value : {};
}
