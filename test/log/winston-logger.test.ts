// The log as a whole: levels, stream and closing.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createSecrets } from '../../src/log/redact-secrets.ts';
import {
  createLogger,
  type ClosableLogger,
  type LoggerOptions,
  isJournalStream,
} from '../../src/log/winston-logger.ts';
import { closeSync, fstatSync, openSync } from 'node:fs';

const clock = { now: () => Date.UTC(2026, 10, 24) };

function loggerOn(stream: Writable, options: Partial<LoggerOptions> = {}): ClosableLogger {
  return createLogger({
    level: 'info',
    format: 'text',
    stream,
    secrets: createSecrets(),
    journald: false,
    clock,
    ...options,
  });
}

/** What the stream got when the log was used and closed. */
async function written(options: Partial<LoggerOptions>, use: (log: ClosableLogger) => void): Promise<string> {
  const stream = new PassThrough();
  const log = loggerOn(stream, options);
  use(log);
  await log.close();
  stream.end();
  return text(stream);
}

function useAllLevels(log: ClosableLogger): void {
  log.debug('one');
  log.info('two');
  log.warn('three');
  log.error('four');
}

describe('the logger', () => {
  it('leaves no listener on its stream after it is closed', async () => {
    const stream = new PassThrough();
    const listeners: number[] = [];
    for (let reload = 0; reload < 3; reload += 1) {
      const log = loggerOn(stream);
      await log.close();
      listeners.push(stream.eventNames().reduce((sum, name) => sum + stream.listenerCount(name), 0));
    }

    expect(new Set(listeners).size, listeners.join()).to.equal(1);
  });

  it('writes events of its level and higher levels', async () => {
    const messages = async (level: LoggerOptions['level']): Promise<string[]> =>
      [...(await written({ level }, useAllLevels)).matchAll(/ ([A-Z]+) /g)].map(([, word = '']) => word);

    expect(await messages('debug')).to.deep.equal(['DEBUG', 'INFO', 'WARN', 'ERROR']);
    expect(await messages('info')).to.deep.equal(['INFO', 'WARN', 'ERROR']);
    expect(await messages('warn')).to.deep.equal(['WARN', 'ERROR']);
    expect(await messages('error')).to.deep.equal(['ERROR']);
  });

  it('prints both the message and a data field named "message"', async () => {
    const out = await written({}, (log) => log.info('Submitted', { message: 'theirs', level: 'error', job: 1 }));

    expect(out).to.equal('2026-11-24T00:00:00.000Z INFO Submitted message=theirs level=error job=1\n');
  });

  it('prints percent signs unchanged', async () => {
    expect(await written({}, (log) => log.info('50%s done', { at: '%d' }))).to.contain('50%s done at=%d');
  });

  it('masks secrets that are registered after the logger was created', async () => {
    const secrets = createSecrets();

    const out = await written({ secrets }, (log) => {
      secrets.add('hunter2-hunter2');
      log.error('Refused with hunter2-hunter2', { err: new Error('key hunter2-hunter2'), key: 'hunter2-hunter2' });
    });

    expect(out).to.contain('Refused with ********').and.not.to.contain('hunter2');
  });

  it('writes the stack traces of errors at level debug', async () => {
    const fail = (log: ClosableLogger): void => log.error('Failed', { err: new Error('x') });

    expect(await written({ level: 'debug' }, fail)).to.contain('stack=');
    expect(await written({ level: 'info' }, fail)).not.to.contain('stack=');
  });

  it('writes every event before close resolves, even to a slow stream', async () => {
    const got: string[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        setImmediate(() => {
          if (chunk.length > 0) got.push(chunk.toString());
          done();
        });
      },
    });
    const log = loggerOn(slow, { format: 'json' });

    for (let n = 0; n < 500; n += 1) log.info('Polled', { n });
    await log.close();

    expect(got).to.have.length(500);
    expect(JSON.parse(got.at(-1) ?? '')).to.deep.include({ n: 499 });
    expect(slow.destroyed).to.equal(false);
  });

  it('drops events after close, and can be closed twice', async () => {
    const out = await written({}, (log) => {
      log.info('before');
      void log.close();
      log.info('after');
    });

    expect(out).to.contain('before').and.not.to.contain('after');
  });

  it('accepts events and can be closed after the stream has failed with EPIPE', async () => {
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const log = loggerOn(broken);

    log.info('one');
    // `once` of node:events would reject with the error that is the point here.
    await new Promise((resolve) => broken.once('close', resolve));
    log.info('two');
    await log.close();

    expect(broken.destroyed).to.equal(true);
  });

  it('does not prevent the exit of the process if the reader closes standard error early', async () => {
    const program = `
      import { createLogger } from ${JSON.stringify(new URL('../../src/log/winston-logger.ts', import.meta.url))};
      import { createSecrets } from ${JSON.stringify(new URL('../../src/log/redact-secrets.ts', import.meta.url))};
      const log = createLogger({ level: 'info', format: 'text', stream: process.stderr, secrets: createSecrets(), journald: false });
      for (let n = 0; n < 20000; n += 1) log.info('Line', { n });
      await log.close();
      process.stdout.write('ended');`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stderr.once('data', () => child.stderr.destroy());

    const [answer] = await Promise.all([text(child.stdout), once(child, 'close')]);

    expect(answer).to.equal('ended');
    expect(child.exitCode).to.equal(0);
  });
});

describe('the detection of the systemd journal', () => {
  it('succeeds only if JOURNAL_STREAM has the device and inode of the stream', () => {
    const descriptor = openSync('/dev/null', 'w');
    try {
      const { dev, ino } = fstatSync(descriptor);

      expect(isJournalStream(`${dev}:${ino}`, descriptor)).to.equal(true);
      expect(isJournalStream(`${dev}:${ino + 1}`, descriptor)).to.equal(false);
      expect(isJournalStream(undefined, descriptor)).to.equal(false);
    } finally {
      closeSync(descriptor);
    }
  });
});
