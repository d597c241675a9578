// Tests that a lasting failure is a few log lines, and that no other failure is hidden.
import { expect } from 'chai';
import { rateLimitedLog } from '../../src/log/rate-limited-log.ts';
import type { LogData, Logger } from '../../src/log/logger.ts';
import { createSimulatedClock, type SimulatedClock } from '../simulation/clock.ts';

function limited(): { clock: SimulatedClock; log: Logger; lines: string[] } {
  const clock = createSimulatedClock(0);
  const lines: string[] = [];
  const at =
    (level: string) =>
    (message: string, data?: LogData): void =>
      void lines.push(`${level} ${message}${data === undefined ? '' : ` ${JSON.stringify(data)}`}`);
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { clock, lines, log: rateLimitedLog(log, clock.of(1)) };
}

describe('a rate-limited log', () => {
  it('logs a warning once in ten minutes, and repetitions at debug level', () => {
    const { log, lines, clock } = limited();
    for (let second = 0; second < 1_200; second += 1) {
      log.warn('The server is away');
      clock.pass(1_000);
    }

    expect(lines.filter((line) => line === 'warn The server is away')).to.have.length(2);
    expect(lines.filter((line) => line === 'debug The server is away')).to.have.length(1_198);
  });

  it('logs the same message again for another task, job, queue or user', () => {
    const { log, lines } = limited();
    for (const data of [
      { task: '1' },
      { task: '2' },
      { task: '2', job: '7' },
      { task: '2', job: '7', queue: 'a' },
      { user: 'ada' },
      { user: 'bob' },
    ]) {
      log.error('It failed', { ...data, err: new Error('a detail that differs') });
    }

    expect(lines.filter((line) => line.startsWith('error '))).to.have.length(6);
  });

  it('logs a warning again if its cause differs by more than numbers', () => {
    const { log, lines } = limited();
    for (const message of ['connect ECONNREFUSED 127.0.0.1:4711', 'connect ECONNREFUSED 127.0.0.1:4712', 'disk full'])
      log.warn('Poll failed', { err: new Error(message) });
    log.warn('Slurm is unavailable', { slurm: 'Unable to contact slurm controller' });
    log.warn('Slurm is unavailable', { slurm: 'Access denied' });

    expect(lines.map((line) => line.split(' ')[0])).to.deep.equal(['warn', 'debug', 'warn', 'warn', 'warn']);
  });

  it('does not limit messages at the levels info and debug', () => {
    const { log, lines } = limited();
    log.info('Claimed');
    log.info('Claimed');
    log.debug('Asked');

    expect(lines).to.deep.equal(['info Claimed', 'info Claimed', 'debug Asked']);
  });
});
