// One event as one line.
import { expect } from 'chai';
import fc from 'fast-check';
import { formatLogLine, type LineStyle, type LogEvent } from '../../src/log/log-line.ts';

const AT = Date.UTC(2026, 10, 24, 7, 12, 33, 5);
const TEXT: LineStyle = { format: 'text', journald: false, withStack: false, redact: (text) => text };
const JSON_LINES: LineStyle = { ...TEXT, format: 'json' };

function event(message: string, data: LogEvent['data'] = {}, level: LogEvent['level'] = 'info'): LogEvent {
  return { level, message, data, at: AT };
}

/** An error as the network stack gives it: the reason stands in the cause. */
function networkError(): Error {
  const refused = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' });
  return new TypeError('fetch failed', { cause: refused });
}

describe('the text format of a log line', () => {
  const cases: readonly [data: LogEvent['data'], shown: string][] = [
    [{}, ''],
    [{ task: '3f2a', job: 4711, queue: 'gpu' }, ' task=3f2a job=4711 queue=gpu'],
    [{ file: 'a b' }, ' file="a b"'],
    [{ a: 'x=y', b: 'say "hi"', c: '', d: "it's" }, ' a="x=y" b="say \\"hi\\"" c="" d="it\'s"'],
    [{ a: undefined, b: null, c: true, d: 1.5 }, ' b=null c=true d=1.5'],
    [{ a: ['x', 'y z'], b: { c: 1 } }, ' a="[\\"x\\",\\"y z\\"]" b="{\\"c\\":1}"'],
    [{ a: 10n, b: new Set([1]), c: Symbol('s') }, ' a="\\"10\\"" b=[1] c="\\"Symbol(s)\\""'],
    [
      { a: 'two\nlines', b: '\u001b[31mred', c: '\u2028', d: '\u202e' },
      ' a="two\\nlines" b="\\u001b[31mred" c="\\u2028" d="\\u202e"',
    ],
  ];
  for (const [data, shown] of cases) {
    it(
      shown === '' ? 'shows only the message if there is no data' : `shows the data after the message:${shown}`,
      () => {
        expect(formatLogLine(event('Submitted', data), TEXT)).to.equal(
          `2026-11-24T07:12:33.005Z INFO Submitted${shown}`,
        );
      },
    );
  }

  it('shows an error with its name, message, code and causes', () => {
    expect(formatLogLine(event('The server is away', { err: networkError() }, 'warn'), TEXT)).to.equal(
      '2026-11-24T07:12:33.005Z WARN The server is away err="TypeError: fetch failed; caused by connect refused (ECONNREFUSED)"',
    );
  });

  it("omits the name of the program's own error class, and a cause that repeats the message", () => {
    class HttpError extends Error {
      override readonly name = 'HttpError';
    }
    const cause = new HttpError('nothing listens there');
    const err = new HttpError('no answer: nothing listens there', { cause });
    expect(formatLogLine(event('x', { err }), TEXT)).to.contain('err="no answer: nothing listens there"');
  });

  it('shows local time and a color in a terminal', () => {
    const shown = formatLogLine(event('x', {}, 'warn'), { ...TEXT, terminal: { isColored: true } });
    expect(shown).to.match(/^2026-11-2[345] \d\d:\d\d:33 \x1b\[33mWARN\x1b\[0m x$/);
    expect(formatLogLine(event('x', {}, 'warn'), { ...TEXT, terminal: { isColored: false } })).to.match(/:33 WARN x$/);
  });

  it('shows a thrown value that is not an error', () => {
    expect(formatLogLine(event('x', { err: 'text' }), TEXT)).to.contain('err=text');
    expect(formatLogLine(event('x', { err: null }), TEXT)).to.contain('err=null');
  });

  it('shows the stack of an error only if stacks are enabled', () => {
    const withErr = event('x', { err: new Error('y') });

    expect(formatLogLine(withErr, TEXT)).not.to.contain('stack=');
    expect(formatLogLine(withErr, { ...TEXT, withStack: true })).to.match(/ stack="Error: y\\n +at .*log-line\.test/);
  });

  it('does not repeat an error that is its own cause', () => {
    const error: Error & { cause?: unknown } = new Error('round');
    error.cause = error;

    expect(formatLogLine(event('x', { err: error }), TEXT)).to.match(/^.{0,300}$/);
  });

  it("has a priority prefix and no timestamp in systemd's journal", () => {
    const style = { ...TEXT, journald: true };

    expect(formatLogLine(event('Started'), style)).to.equal('<6>INFO Started');
    expect(formatLogLine(event('x', {}, 'error'), style)).to.equal('<3>ERROR x');
    expect(formatLogLine(event('x', {}, 'warn'), style)).to.equal('<4>WARN x');
    expect(formatLogLine(event('x', {}, 'debug'), style)).to.equal('<7>DEBUG x');
  });
});

describe('a log line as JSON', () => {
  function parsed(data: LogEvent['data'], style: LineStyle = JSON_LINES): unknown {
    return JSON.parse(formatLogLine(event('Submitted', data), style));
  }

  it('contains time, level, message and data', () => {
    expect(parsed({ task: '3f2a', job: 4711 })).to.deep.equal({
      time: '2026-11-24T07:12:33.005Z',
      level: 'info',
      message: 'Submitted',
      task: '3f2a',
      job: 4711,
    });
  });

  it('contains errors at any depth', () => {
    const data = parsed({ err: networkError(), others: [new RangeError('deep')] });

    expect(data).to.deep.include({
      err: {
        name: 'TypeError',
        message: 'fetch failed',
        cause: { name: 'Error', message: 'connect refused', code: 'ECONNREFUSED' },
      },
      others: [{ name: 'RangeError', message: 'deep' }],
    });
  });

  it('keeps time, level and message even if the data contains fields with these names', () => {
    expect(parsed({ message: 'other', level: 'x', time: 0 })).to.deep.include({
      message: 'Submitted',
      level: 'info',
      time: '2026-11-24T07:12:33.005Z',
    });
  });

  it('contains "not printable" in place of circular data', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;

    expect(formatLogLine(event('Submitted', { circle }), JSON_LINES))
      .to.contain('not printable')
      .and.to.contain('Submitted');
  });
});

describe('every log line', () => {
  it('is one line without control characters, whatever the event contains', () => {
    const anything = fc.record({
      message: fc.string({ unit: 'binary' }),
      data: fc.dictionary(
        fc.string({ unit: 'binary' }),
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
      ),
      journald: fc.boolean(),
      format: fc.constantFrom('text', 'json'),
    });

    fc.assert(
      fc.property(anything, ({ message, data, journald, format }) => {
        const line = formatLogLine(event(message, data), { ...TEXT, journald, format });

        expect(line).to.match(/^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$/);
        if (format === 'json') expect(JSON.parse(line.replace(/^<\d>/, ''))).to.include({ message, level: 'info' });
      }),
    );
  });

  it('masks each secret that the event contains', () => {
    const secret = 'pa"ss\\wo\nrd';
    const redact = (text: string): string => text.replaceAll(secret, '********');
    const error = new Error(`refused ${secret}`, { cause: new Error(secret) });
    const data = { err: error, secret, list: [{ inner: secret, error }], map: new Map([[secret, secret]]) };

    for (const format of ['text', 'json'] as const) {
      const line = formatLogLine(event(`used ${secret}`, data), { ...TEXT, format, withStack: true, redact });

      expect(line).not.to.match(/ss\\+wo/);
      expect(line).to.contain('used ********');
    }
  });
});
