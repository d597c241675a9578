// What the daemon reports to systemd, and that the watchdog gets nothing from a daemon that makes no progress.
import { expect } from 'chai';
import { createServiceManager } from '../../../src/daemon/serve/notify-systemd.ts';
import { summarizeHealth, type HealthLine } from '../../../src/daemon/monitor/decide-readiness.ts';
import type { Command, CommandResult } from '../../../src/transport/transport.ts';

const DONE: CommandResult = { exitCode: 0, killedBy: undefined, stdout: '', stderr: '' };

const READY: HealthLine = { state: 'Ready', text: 'Ready; 3 tasks tracked.' };

interface Asked {
  readonly environment?: Readonly<Record<string, string>>;
  readonly result?: Partial<CommandResult>;
  readonly isLive?: () => boolean;
  readonly health?: () => HealthLine;
  /** When systemd-notify ends. */
  readonly ended?: () => Promise<void>;
}

function managerOf({
  environment = {},
  result = {},
  isLive = () => true,
  health = () => READY,
  ended = () => Promise.resolve(),
}: Asked) {
  const sent: string[] = [];
  const warnings: string[] = [];
  let tick: (() => void) | undefined;
  let everyMs: number | undefined;
  const manager = createServiceManager({
    environment: { NOTIFY_SOCKET: '/run/notify', ...environment },
    pids: [42, 41],
    isLive,
    health,
    here: () => ({
      async run({ program, args, env }: Command) {
        sent.push(`${program} ${args.join(' ')} to ${env?.['NOTIFY_SOCKET'] ?? ''}`);
        await ended();
        return { ...DONE, ...result };
      },
    }),
    log: { warn: (message) => void warnings.push(message) },
    setInterval(work, ms) {
      [tick, everyMs] = [work, ms];
      return { stop: () => (tick = undefined) };
    },
  });
  return {
    manager,
    sent,
    warnings,
    everyMs: () => everyMs,
    tick: async (): Promise<void> => {
      tick?.();
      await new Promise(setImmediate);
    },
  };
}

describe('the daemon under systemd', () => {
  it('sends no messages if NOTIFY_SOCKET is empty', () => {
    expect(managerOf({ environment: { NOTIFY_SOCKET: '' } }).manager).to.equal(undefined);
  });

  it('sends READY=1 at the start, WATCHDOG=1 while it runs, and STOPPING=1 at the end', async () => {
    const { manager, sent, everyMs, tick } = managerOf({
      environment: { WATCHDOG_USEC: '300000000', WATCHDOG_PID: '42' },
    });

    await manager?.ready();
    await tick();
    await tick();
    await manager?.stopping();
    await tick();

    expect(everyMs()).to.equal(75_000);
    expect(sent).to.deep.equal([
      'systemd-notify READY=1 to /run/notify',
      'systemd-notify WATCHDOG=1 STATUS=Ready; 3 tasks tracked. to /run/notify',
      'systemd-notify WATCHDOG=1 STATUS=Ready; 3 tasks tracked. to /run/notify',
      'systemd-notify STOPPING=1 STATUS=Stopped; jobs keep running. to /run/notify',
    ]);
  });

  it('sends STATUS after a pass only if its health has changed, and never after STOPPING=1', async () => {
    let isReady = true;
    const health = (): HealthLine =>
      summarizeHealth([
        { label: 'lab', isReady: true, problems: [], tracked: 1 },
        { label: 'big', isReady, problems: isReady ? [] : ['No poll has succeeded for 4 min:\nno route.'], tracked: 0 },
      ]);
    const { manager, sent } = managerOf({ health });

    manager?.passed();
    manager?.passed();
    isReady = false;
    manager?.passed();
    await manager?.stopping();
    isReady = true;
    manager?.passed();

    expect(sent).to.deep.equal([
      'systemd-notify STATUS=Ready; 1 task tracked. to /run/notify',
      'systemd-notify STATUS=Not ready; 1 task tracked. big: No poll has succeeded for 4 min: no route. to /run/notify',
      'systemd-notify STOPPING=1 STATUS=Stopped; jobs keep running. to /run/notify',
    ]);
  });

  it('sends the next message only after the last systemd-notify has ended', async () => {
    let state: HealthLine['state'] = 'Not ready';
    let endFirst: (() => void) | undefined;
    const first = new Promise<void>((resolve) => (endFirst = resolve));
    const { manager, sent, tick } = managerOf({
      health: () => ({ state, text: state }),
      ended: () => (sent.length === 1 ? first : Promise.resolve()),
    });

    manager?.passed();
    state = 'Ready';
    manager?.passed();
    await tick();
    expect(sent).to.deep.equal(['systemd-notify STATUS=Not ready to /run/notify']);

    endFirst?.();
    await manager?.stopping();
    expect(sent.slice(1)).to.deep.equal([
      'systemd-notify STATUS=Ready to /run/notify',
      'systemd-notify STOPPING=1 STATUS=Stopped; jobs keep running. to /run/notify',
    ]);
  });

  it('truncates STATUS to about 1,000 bytes without splitting a character', async () => {
    const text = `Not ready; 3 tasks tracked. ${'lab: 🙈é '.repeat(600)}`;
    const { sent, tick } = managerOf({
      environment: { WATCHDOG_USEC: '300000000' },
      health: () => ({ state: 'Not ready', text }),
    });

    await tick();

    const shown = /^systemd-notify WATCHDOG=1 STATUS=(.*)… to /.exec(sent[0] ?? '')?.[1] ?? '';
    expect(Buffer.byteLength(shown)).to.be.within(990, 997);
    expect(text.startsWith(shown)).to.equal(true);
  });

  it('removes control characters from STATUS', async () => {
    const text = 'Not ready; 0 tasks tracked.\n\x1b]0;root\x07 No \0poll\x9b2J.\r\nWATCHDOG=1';
    const { sent, tick, manager } = managerOf({ health: () => ({ state: 'Not ready', text }) });

    manager?.passed();
    await tick();

    expect(sent).to.deep.equal([
      'systemd-notify STATUS=Not ready; 0 tasks tracked. ]0;root No poll 2J. WATCHDOG=1 to /run/notify',
    ]);
  });

  it('sends no WATCHDOG=1 while the reconcile loop makes no progress', async () => {
    let isLive = false;
    const { sent, tick } = managerOf({ environment: { WATCHDOG_USEC: '300000000' }, isLive: () => isLive });

    await tick();
    expect(sent).to.deep.equal([]);
    isLive = true;
    await tick();
    expect(sent).to.deep.equal(['systemd-notify WATCHDOG=1 STATUS=Ready; 3 tasks tracked. to /run/notify']);
  });

  it('sends no WATCHDOG=1 if WATCHDOG_USEC is 0 or WATCHDOG_PID is another process', async () => {
    for (const environment of [{}, { WATCHDOG_USEC: '0' }, { WATCHDOG_USEC: '1000', WATCHDOG_PID: '7' }]) {
      const { manager, everyMs } = managerOf({ environment });
      await manager?.ready();
      expect(everyMs()).to.equal(undefined);
    }
  });

  it('logs only once that systemd-notify fails', async () => {
    const { manager, warnings } = managerOf({ result: { exitCode: 1, stderr: 'no socket' } });

    await manager?.ready();
    await manager?.stopping();

    expect(warnings).to.deep.equal([
      'Cannot notify systemd; if WatchdogSec= is set, systemd will keep restarting the daemon',
    ]);
  });
});
