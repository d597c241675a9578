// Tests what the failure of one cluster means for the others that the daemon serves.
import { once } from 'node:events';
import { expect } from 'chai';
import type { App } from '../../../src/assembly/app.ts';
import type { ClusterSettings } from '../../../src/config/cluster-settings.ts';
import { AlreadyRunningError, StateDirectoryError, StateDirectoryLostError } from '../../../src/daemon/journal/lock.ts';
import type { ServerSide } from '../../../src/daemon/serve/connect-to-clearml.ts';
import { serveClusters, type ServeOptions } from '../../../src/daemon/serve/serve-clusters.ts';
import { rejection } from '../../support/rejection.ts';

/** @param failures by cluster; a cluster without one is served until it is stopped */
function serve(
  failures: Readonly<Record<string, Error>>,
  { stop = new AbortController(), onLogged = () => undefined }: { stop?: AbortController; onLogged?: () => void } = {},
): ReturnType<typeof serveClusters> {
  const app = {
    config: { settings: { clusters: ['a', 'b', 'c'].map((name) => ({ name })) } },
    log: { error: onLogged },
  } as unknown as App;
  const options = { stop: stop.signal, drain: new AbortController().signal } as ServeOptions;
  return serveClusters({ app, serverSide: {} as ServerSide }, options, serveOne);

  async function serveOne(
    _app: App,
    { name = '' }: ClusterSettings,
    _serverSide: ServerSide,
    { stop: its }: ServeOptions,
  ): Promise<'done'> {
    const failure = failures[name];
    if (failure !== undefined) throw failure;
    if (!its.aborted) await once(its, 'abort');
    return 'done';
  }
}

describe('a daemon of several clusters', () => {
  it('serves the other clusters if one cluster fails, and reports the failure at the end', async () => {
    const busy = new AlreadyRunningError('another daemon');
    const stop = new AbortController();
    expect(await rejection(serve({ b: busy }, { stop, onLogged: () => stop.abort() }))).to.equal(busy);
    expect(stop.signal.aborted, 'that it serves the others').to.equal(true);
  });

  it('reports a lost state directory in preference to the errors of other clusters (D-17)', async () => {
    const lost = new StateDirectoryLostError('deleted');
    expect(await rejection(serve({ a: new StateDirectoryError('refused'), b: lost }))).to.equal(lost);
  });
});
