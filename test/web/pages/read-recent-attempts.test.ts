// The attempts that the pages show: those of the last 30 days, also in memory.
import { expect } from 'chai';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { DaemonEvent } from '../../../src/daemon/monitor/daemon-events.ts';
import { createAttemptLog } from '../../../src/web/pages/read-recent-attempts.ts';

const DAY_MS = 86_400_000;

describe('the ended attempts in the memory of the daemon', () => {
  it('cover only the last 30 days, even if no page is open', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const heapMb = (): number => {
      collectGarbage();
      return process.memoryUsage().heapUsed / 1e6;
    };
    let now = Date.UTC(2026, 0, 1);
    let emit: (event: DaemonEvent, cluster: string) => void = () => undefined;
    const monitor = { clusters: () => [], onEvent: (listener: typeof emit) => void (emit = listener) };
    const log = createAttemptLog(monitor, () => now);
    await log.read();
    const before = heapMb();

    const perDay = 300;
    for (let task = 0; task < 1_000 * perDay; task += 1) {
      now += DAY_MS / perDay;
      const attempt = {
        task: `task ${task}`,
        job: `${task}`,
        recordedAt: now,
        cluster: 'hpc',
        queue: 'gpu',
        cause: 'failed',
      } as const;
      emit({ kind: 'ended', queue: 'gpu', attempt }, 'hpc');
    }

    expect(heapMb() - before).to.be.below(20);
    expect(await log.read()).to.have.length(30 * perDay + 1);
  });
});
