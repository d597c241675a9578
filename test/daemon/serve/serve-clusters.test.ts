// Tests what the failure of one cluster means for the others that the daemon serves.
import { once } from 'node:events';
import { expect } from 'chai';
import type { App } from '../../../src/assembly/app.ts';
import type { ClusterSettings } from '../../../src/config/cluster-settings.ts';
import { AlreadyRunningError, StateDirectoryError, StateDirectoryLostError } from '../../../src/daemon/journal/lock.ts';
import type { ServerSide } from '../../../src/daemon/serve/connect-to-clearml.ts';
import { serveClusters, type ServeOptions } from '../../../src/daemon/serve/serve-clusters.ts';
import { rejection } from '../../support/rejection.ts';

interface Bed {
  readonly stop?: AbortController;
  readonly onLogged?: (message: string) => void;
  readonly onServed?: (cluster: string) => void;
  readonly isReloading?: boolean;
  /** These clusters were served before a reload. */
  readonly everServed?: readonly string[];
  readonly hasPrevious?: boolean;
}

/** @param failures by cluster, one after the other, or one that lasts; a cluster without one is served until it is stopped */
function serve(
  failures: Readonly<Record<string, Error | Error[]>>,
  { stop = new AbortController(), onLogged, onServed, isReloading = false, everServed, hasPrevious = false }: Bed = {},
): ReturnType<typeof serveClusters> {
  const log = (message: string): void => onLogged?.(message);
  const app = {
    config: { settings: { clusters: ['a', 'b', 'c'].map((name) => ({ name })), slurm: { pollIntervalMs: 1 } } },
    log: { error: log, debug: log },
  } as unknown as App;
  const options = {
    stop: stop.signal,
    drain: new AbortController().signal,
    served: () => undefined,
    isReloading: () => isReloading,
    everServed: new Set(everServed),
    hasPrevious: () => hasPrevious,
  } as unknown as ServeOptions;
  return serveClusters({ app, serverSide: {} as ServerSide }, options, serveOne);

  async function serveOne(
    _app: App,
    { name = '' }: ClusterSettings,
    _serverSide: ServerSide,
    { stop: its, served }: ServeOptions,
  ): Promise<'done'> {
    const given = failures[name];
    const failure = Array.isArray(given) ? given.shift() : given;
    if (failure !== undefined) throw failure;
    served();
    onServed?.(name);
    if (!its.aborted) await once(its, 'abort');
    return 'done';
  }
}

describe('a daemon of several clusters', () => {
  it('still serves the other clusters if one cluster fails, and reports the failure at the end', async () => {
    const busy = new AlreadyRunningError('another daemon');
    const stop = new AbortController();
    expect(await rejection(serve({ b: busy }, { stop, onLogged: () => stop.abort() }))).to.equal(busy);
    expect(stop.signal.aborted, 'that it serves the others').to.equal(true);
  });

  it('reports a lost state directory rather than the error of another cluster (D-17)', async () => {
    const lost = new StateDirectoryLostError('deleted');
    expect(await rejection(serve({ a: new StateDirectoryError('refused'), b: lost }))).to.equal(lost);
  });

  it('reports no error at a reload even if one cluster could not be served', async () => {
    const stop = new AbortController();
    const busy = new AlreadyRunningError('another daemon');

    const ends = await serve({ b: busy }, { stop, onLogged: () => stop.abort(), isReloading: true });

    expect(ends).to.deep.equal(['done', 'done', 'done']);
  });

  it('retries after a reload until the state directory of each cluster can be used', async () => {
    const stop = new AbortController();
    const full = new StateDirectoryError('no space left on device');
    const served: string[] = [];
    const logged: string[] = [];

    await serve(
      { b: [full, full] },
      {
        stop,
        everServed: ['a', 'b', 'c'],
        onLogged: (message) => logged.push(message),
        onServed: (name) => {
          if (served.push(name) === 3) stop.abort();
        },
      },
    );

    expect(served).to.deep.equal(['a', 'c', 'b']);
    expect([...new Set(logged)]).to.deep.equal(['Could not serve the cluster again after a reload; retrying']);
  });

  it('ends with an error if no cluster can be served with the reloaded configuration', async () => {
    const full = new StateDirectoryError('no space left on device');
    const bed = { everServed: ['a', 'b', 'c'], hasPrevious: true };

    expect(await rejection(serve({ a: full, b: full, c: full }, bed))).to.equal(full);
  });
});
