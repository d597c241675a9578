// A daemon that is started by mistake while another one serves the same state directory: it leaves the HTTP server of the other alone.
import { expect } from 'chai';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import type { App } from '../../src/assembly/app.ts';
import type { ClusterSettings } from '../../src/config/cluster-settings.ts';
import { acquireLock, AlreadyRunningError, type Lock } from '../../src/daemon/journal/lock.ts';
import { createMonitor } from '../../src/daemon/monitor/monitor.ts';
import type { ServerSide } from '../../src/daemon/serve/connect-to-clearml.ts';
import { serveCluster, type ServeOptions } from '../../src/daemon/serve/serve-clusters.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/server.ts';
import { openCli, type Cli } from './open-cli.ts';

const TEMPLATE = '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';
const NOTE = '{"pid":1,"unixSocket":"/of/the/first"}\n';

describe('a second daemon with an HTTP server', () => {
  let folder: string;
  let socket: string;
  let sandbox: Sandbox;
  let cli: Cli;
  const servers: Server[] = [];

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'second-')));
    socket = join(folder, 'state', 'http.sock');
    await mkdir(join(folder, 'state'), { mode: 0o700 });
    sandbox = await createSandbox({ port: 0, clock: systemClock });
    cli = await openCli({ PATH: '/nowhere' });
    await cli.write('t', TEMPLATE);
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.close();
      await once(server, 'close');
    }
    await sandbox.close();
    await cli[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function listen(where: string | { readonly host: string; readonly port: number }): Promise<Server> {
    const server = createServer((client) => client.end());
    server.listen(where);
    await once(server, 'listening');
    servers.push(server);
    return server;
  }

  async function configure(http: string, served = 'queues: [aaa]'): Promise<void> {
    await cli.write(
      'clearml.conf',
      `api { api_server: "${sandbox.url}", credentials { access_key: "${sandbox.accessKey}", secret_key: "${sandbox.secretKey}" } }
       agent.slurm { state_dir: ${folder}/state, template_files: [t], http { ${http} }, ${served} }`,
    );
  }

  const lock = (name = ''): Promise<Lock> => acquireLock(join(folder, 'state', name), 'elsewhere', systemClock.now());

  /** @throws ECONNREFUSED or ENOENT if no process listens */
  async function reach(): Promise<void> {
    const client = connect(socket);
    await once(client, 'connect');
    client.destroy();
  }

  it('exits with code 75, and leaves the files of the first daemon unchanged', async () => {
    const { port } = (await listen({ host: '127.0.0.1', port: 0 })).address() as AddressInfo;
    await listen(socket);
    await writeFile(join(folder, 'state', 'http.json'), NOTE);
    await configure(`listen: ${port}, unix_socket: "${socket}"`);
    await lock();

    const { code, stderr } = await cli.run('--create-queue');

    expect(code, stderr).to.equal(75);
    expect(stderr)
      .to.match(/Another clearml-agent-slurm .*elsewhere/)
      .and.not.contain('EADDRINUSE');
    expect(await readFile(join(folder, 'state', 'http.json'), 'utf8')).to.equal(NOTE);
    await reach();
  });

  it('exits with code 78 if the daemon of another cluster uses the same socket', async () => {
    await listen(socket);
    await writeFile(join(folder, 'state', 'http.json'), NOTE);
    await configure(`unix_socket: "${socket}"`, 'clusters { one {}, two {} }, queues { aaa { cluster: one } }');

    const { code, stderr } = await cli.run('--create-queue', '--cluster', 'one');

    expect(code, stderr).to.equal(78);
    expect(stderr).to.match(/cannot listen on .*http\.sock: another process listens on it/);
    expect(await readFile(join(folder, 'state', 'http.json'), 'utf8')).to.equal(NOTE);
    await reach();
  });

  it('opens one HTTP server for all its clusters', async () => {
    await configure(
      `unix_socket: "${socket}"`,
      'clusters { one {}, two {}, held {} }, queues { aaa { cluster: one } }',
    );
    await lock('held');

    const { code, stderr } = await cli.stopping().run('--create-queue');

    expect(code, stderr).to.equal(75);
    expect(stderr.match(/Serving the status page/g)).to.have.length(1);
    expect(await readdir(join(folder, 'state'))).to.have.members(['one', 'two', 'held']);
  });

  it('rejects a unix_socket path of more than 107 bytes', async () => {
    await configure(`unix_socket: "${folder}/${'deep/'.repeat(30)}http.sock"`);

    const { code, stderr } = await cli.stopping().run('--create-queue');

    expect(code, stderr).to.equal(78);
    expect(stderr).to.match(
      /clearml\.conf:2:\d+: cannot listen on .*: the path of a Unix socket has at most 107 bytes$/m,
    );
  });

  it('starts and stops even if it cannot write http.json', async () => {
    await mkdir(join(folder, 'state', 'http.json', 'full'), { recursive: true });
    await configure(`unix_socket: "${socket}"`);

    const { code, stderr } = await cli.stopping().run('--create-queue');

    expect(code, stderr).to.equal(0);
    expect(stderr).to.contain('Serving the status page');
    expect(await readdir(join(folder, 'state'))).to.not.include('http.sock');
  });

  it('shows the phase "ended" for a cluster that the first daemon serves', async () => {
    await lock();
    const monitor = createMonitor(systemClock);
    const app = { log: console, context: { hostName: 'login1' }, config: { settings: { slurm: {} } } };
    const cluster = { name: undefined, stateDir: join(folder, 'state') };

    const served = serveCluster(
      app as unknown as App,
      cluster as ClusterSettings,
      {} as ServerSide,
      {
        monitor,
      } as ServeOptions,
    ).catch((error: unknown) => error);

    expect(await served).to.be.instanceOf(AlreadyRunningError);
    expect(monitor.clusters().map((one) => one.health().phase)).to.deep.equal(['ended']);
  });
});
