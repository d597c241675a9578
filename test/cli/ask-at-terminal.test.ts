// A question to the user at the terminal: shown, answered by a line, and aborted without an answer.
import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { askAtTerminal } from '../../src/cli/main.ts';
import { UsageError } from '../../src/base/usage-error.ts';
import { rejection } from '../support/rejection.ts';

describe('a prompt at the terminal', () => {
  function terminal(): { input: PassThrough; output: PassThrough; stop: AbortController } {
    return { input: new PassThrough(), output: new PassThrough(), stop: new AbortController() };
  }

  it('shows the question and returns the line that the user types', async () => {
    const { input, output, stop } = terminal();
    const ask = (question: string): Promise<string> => askAtTerminal(question, { input, output, signal: stop.signal });

    const first = ask('One? ');
    input.write(' yes \n');
    expect(await first).to.equal('yes');
    const second = ask('Two? ');
    input.write('no\n');
    expect(await second).to.equal('no');
    expect(String(output.read())).to.equal('One? Two? ');
  });

  it('fails if the input ends or the user presses Ctrl-C', async () => {
    const { input, output, stop } = terminal();
    const ended = askAtTerminal('One? ', { input, output, signal: stop.signal });
    input.end();
    const problem = await rejection(ended);
    expect(problem).to.be.instanceOf(UsageError);
    expect(problem.message).to.include('There was no answer');
    expect(String(output.read()), 'the message is on a separate line').to.equal('One? \n');

    const stopped = askAtTerminal('Two? ', { input: new PassThrough(), output, signal: stop.signal });
    stop.abort();
    expect((await rejection(stopped)).name).to.equal('AbortError');
  });
});
