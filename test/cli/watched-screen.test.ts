// A screen that is redrawn: on the alternate screen of a terminal, which shows the shell's lines again at the end.
import { expect } from 'chai';
import { openScreen, type WatchedScreen } from '../../src/cli/watched-screen.ts';

const ENTER = '\x1b[?1049h';
const LEAVE = '\x1b[?1049l';

interface Watched {
  readonly screen: WatchedScreen;
  readonly stop: AbortController;
  /** The text written since the last call. */
  readonly written: () => string;
  readonly resize: (columns: number, rows: number) => void;
}

function onTerminal(columns: number, rows: number): Watched {
  let size = { columns, rows };
  let text = '';
  let heard: (() => void) | undefined;
  const stop = new AbortController();
  const screen = openScreen({
    stdout: (more) => (text += more),
    control: (more) => (text += more),
    terminalSize: () => size,
    onResize(listener) {
      heard = listener;
      return () => (heard = undefined);
    },
    stop: stop.signal,
  });
  return {
    screen,
    stop,
    written() {
      const all = text;
      text = '';
      return all;
    },
    resize(toColumns, toRows) {
      size = { columns: toColumns, rows: toRows };
      heard?.();
    },
  };
}

const bare = (text: string): string => text.replaceAll(/\x1b\[\??\d*[A-Za-z]/g, '');

describe('the display of status --watch', () => {
  it('replaces its previous content, but never earlier output of the shell', () => {
    const { screen, written } = onTerminal(80, 24);
    expect(written(), 'nothing before the first look').to.equal('');

    screen.show(() => 'one\ntwo\n');
    const first = written();
    screen.show(() => 'three\n');
    const second = written();

    expect(first.startsWith(ENTER)).to.equal(true);
    expect(bare(first)).to.equal('one\ntwo\n');
    expect(second).to.not.include(ENTER);
    expect(bare(second)).to.equal('three\n');
    expect(first + second).to.not.match(/\x1b\[[23]J/);
  });

  it('is redrawn at once if the terminal is resized', () => {
    const { screen, written, resize } = onTerminal(80, 24);
    screen.show(({ columns }) => `as wide as ${columns}\n`);
    written();

    resize(60, 20);

    expect(bare(written())).to.equal('as wide as 60\n');
  });

  it('shows the number of lines that do not fit', () => {
    const { screen, written } = onTerminal(80, 5);
    screen.show(() => '1\n2\n3\n4\n');
    expect(bare(written())).to.equal('1\n2\n3\n4\n');

    screen.show(() => '1\n2\n3\n4\n5\n6\n');

    expect(bare(written())).to.equal('1\n2\n3\n… and 3 more lines (run without --watch to see them).\n');
  });

  it('restores the terminal at the first signal, and leaves its last content on the screen', () => {
    const { screen, stop, written, resize } = onTerminal(80, 24);
    screen.show(() => 'one\n');
    written();

    stop.abort();
    const left = written();
    resize(60, 20);
    screen.show(() => 'two\n');
    screen.close();

    expect(left).to.include(LEAVE).and.to.include('\x1b[?25h');
    expect(left.endsWith(`${LEAVE}one\n`)).to.equal(true);
    expect(written()).to.equal('');
  });

  it('writes no control sequences to a pipe', () => {
    const { screen, written } = onTerminal(80, 24);
    screen.close();
    expect(written()).to.equal('');

    let text = '';
    const pipe = openScreen({ stdout: (more) => (text += more), stop: new AbortController().signal });
    pipe.show(({ columns }) => `as wide as ${columns}\n`);
    pipe.close();
    expect(text).to.equal('as wide as Infinity\n');
  });

  it('escapes control characters in names and messages', () => {
    const { screen, written } = onTerminal(80, 24);
    screen.show(() => 'evil \x1b[2J\x1b[H\u202e task\n');

    const drawn = written();
    expect(drawn).to.include('evil \\u001b[2J\\u001b[H\\u202e task');
    expect(drawn).to.not.match(/\x1b\[2J|\u202e/);
  });
});
