// A task's console as it grows: each line is shown once, also one that comes late, and what stood there before is not.
import { expect } from 'chai';
import type { ConsoleEvent, Events } from '../../src/clearml/client.ts';
import type { TaskId } from '../../src/clearml/ids.ts';
import { createConsoleView } from '../../src/clearml/new-console-lines.ts';

const MINUTE_MS = 60_000;
const START = 1_700_000_000_000;

function consoleOf(lines: ConsoleEvent[]): Pick<Events, 'read'> {
  return {
    read: (_task, which) => {
      const inOrder = lines.toSorted((a, b) => a.at - b.at);
      return Promise.resolve(
        'last' in which ? inOrder.slice(-which.last) : inOrder.filter(({ at }) => at > which.after),
      );
    },
  };
}

function line(minutes: number, text: string, worker = 'login1:slurm'): ConsoleEvent {
  return { at: START + minutes * MINUTE_MS, worker, text };
}

describe('the console output of the execute command', () => {
  it('shows each new line once, even late lines and lines with the same time', async () => {
    const lines = [line(-60, 'an earlier run'), line(0, 'the end of it')];
    let shown = '';
    const view = createConsoleView(consoleOf(lines), '1' as TaskId, (text) => (shown += text));
    await view.skip();
    await view.show();
    expect(shown).to.equal('');

    lines.push(line(1, 'Submitted'), line(1, 'Submitted', 'login1:slurm:7'));
    await view.show();
    await view.show();
    lines.push(line(0.5, 'by a node whose clock is behind\n'), line(5, 'done'));
    await view.show();
    await view.show();

    expect(shown).to.equal('Submitted\nSubmitted\nby a node whose clock is behind\ndone\n');
  });

  it('shows the first line of a console that was empty', async () => {
    const lines: ConsoleEvent[] = [];
    let shown = '';
    const view = createConsoleView(consoleOf(lines), '1' as TaskId, (text) => (shown += text));
    await view.skip();
    lines.push(line(0, 'Claimed'));
    await view.show();

    expect(shown).to.equal('Claimed\n');
  });

  it('shows all of 200,000 lines that were added between two polls', async () => {
    const lines = [line(0, 'Submitted')];
    let shown = 0;
    const view = createConsoleView(consoleOf(lines), '1' as TaskId, () => (shown += 1));
    await view.skip();

    for (let at = 0; at < 200_000; at += 1) lines.push(line(1 + at / 400, `step ${at}`));
    await view.show();

    expect(shown).to.equal(200_000);
  });
});
