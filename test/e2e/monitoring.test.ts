// The monitoring examples: promtool checks them, and a real Prometheus scrapes the daemon and fires the alert for no good poll.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../support/loopback-port.ts';
import { startDaemon } from '../support/foreground-daemon.ts';
import { requirePrometheus, requireSlurm } from '../support/skip-unless.ts';
import { startSlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { untilServed } from './browser.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type World } from './world.ts';

const EXAMPLES = 'examples/monitoring';

/** What promtool says about this input. */
function promtool(args: readonly string[], input = ''): string {
  return execFileSync('promtool', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

describe('the alert rules in examples/monitoring', () => {
  before(requirePrometheus);

  it('are valid, and pass their tests in promtool', () => {
    expect(promtool(['check', 'rules', `${EXAMPLES}/alerts.yml`])).to.include('SUCCESS: 8 rules found');
    promtool(['check', 'config', '--syntax-only', `${EXAMPLES}/prometheus.yml`]);
    promtool(['test', 'rules', `${EXAMPLES}/alerts.test.yml`]);
  });
});

describe('Prometheus', () => {
  before(requirePrometheus);
  before(requireSlurm);

  it("fires the daemon's alert ClearmlSlurmNoGoodPoll while slurmctld is stopped", async () => {
    await using cluster = await startSlurmCluster();
    await using world = await startWorld({ cluster, python: false, slurm: 'http.listen: 0' });
    await world.user.makeQueue('gpu');
    const template = await world.write('quick.template', QUICK_TEMPLATE);
    const daemon = world.start('--queue', world.nameOf('gpu'), '--template-files', template);
    const { url, token } = await untilServed(join(world.folder, 'state'));
    const metrics = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    expect(promtool(['check', 'metrics'], await metrics.text())).to.equal('');

    const [port = 0] = await freePorts(1);
    const config = await writeConfig(world, new URL(url).port);
    const prometheus = await startDaemon({
      program: 'prometheus',
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${world.folder}/prometheus`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      logPath: join(world.folder, 'prometheus.log'),
    });
    try {
      const read = async (query: string): Promise<string> => {
        const response = await fetch(`http://127.0.0.1:${port}/api/v1/${query}`).catch(() => undefined);
        return response?.ok === true ? response.text() : '';
      };
      /** The alerts of no good poll; undefined without a response. */
      const alerts = async (): Promise<readonly Alert[] | undefined> => {
        const text = await read('alerts');
        if (text === '') return undefined;
        const { data } = JSON.parse(text) as { data: { alerts: Alert[] } };
        return data.alerts.filter(({ labels }) => labels.alertname === 'ClearmlSlurmNoGoodPoll');
      };
      await prometheus.untilReady(async () => (await read('query?query=clearml_slurm_ready')).includes('"1"]'));

      await cluster.stopController();
      const alert = await waitUntil('the alert', async () => (await alerts())?.find(({ state }) => state === 'firing'));
      expect(alert.annotations.summary).to.match(/^No good poll of cluster \S+ for five minutes$/);
      await cluster.startController();
      await waitUntil('the alert to end', async () => (await alerts())?.length === 0);
    } finally {
      await prometheus.stop();
    }
    await world.stop(daemon);
  });
});

interface Alert {
  readonly labels: { readonly alertname: string };
  readonly state: 'pending' | 'firing';
  readonly annotations: { readonly summary: string };
}

/** The example's configuration with the address and the token of this daemon; 20 seconds instead of five minutes. */
async function writeConfig(world: World, port: string): Promise<string> {
  const rules = await readFile(`${EXAMPLES}/alerts.yml`, 'utf8');
  await world.write('alerts.yml', rules.replace('timestamp_seconds > 300', 'timestamp_seconds > 20'));
  // The comments of the example name the file of the token, too.
  const config = (await readFile(`${EXAMPLES}/prometheus.yml`, 'utf8'))
    .replace('scrape_interval: 30s', 'scrape_interval: 3s\n  evaluation_interval: 1s')
    .replaceAll('/etc/prometheus/clearml-slurm-token', join(world.folder, 'state', 'http-token'))
    .replaceAll('localhost:8910', `localhost:${port}`);
  return world.write('prometheus.yml', config);
}
