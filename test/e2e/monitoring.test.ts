// The monitoring examples: promtool checks the rules, runs their tests, and checks what a daemon's metrics look like.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { createMonitor } from '../../src/daemon/monitor/monitor.ts';
import { createMetrics } from '../../src/web/metrics.ts';
import { requirePrometheus } from '../support/skip-unless.ts';

const EXAMPLES = 'examples/monitoring';

/** What promtool says about this input. */
function promtool(args: readonly string[], input = ''): string {
  return execFileSync('promtool', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

describe('examples/monitoring', () => {
  before(requirePrometheus);

  it('has rules that promtool accepts, and whose tests pass', () => {
    expect(promtool(['check', 'rules', `${EXAMPLES}/alerts.yml`])).to.include('SUCCESS: 8 rules found');
    promtool(['check', 'config', '--syntax-only', `${EXAMPLES}/prometheus.yml`]);
    promtool(['test', 'rules', `${EXAMPLES}/alerts.test.yml`]);
  });

  it('describes metrics that promtool accepts', async () => {
    const { body } = await createMetrics(createMonitor({ now: () => 0 })).scrape('');

    expect(promtool(['check', 'metrics'], String(body))).to.equal('');
  });
});
