// Parses arbitrary text: it is a template, or has an error with a position; rendering never removes text.
import { expect } from 'chai';
import fc from 'fast-check';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import type { Template } from '../../src/sbatch-template/template.ts';
import { noBlocks, errorOf, property, withBody, withDirectives, withProperties } from './template-fixtures.ts';

const PIECES = [
  property('x'), property('x', ':a b'), property('x', '|raw'), '$<CLEARML_QUEUE_NAME>', '${CLEARML_TASK.', '${CLEARML_AGENT_EXECUTE}',
  '"', "'", '`', '$', '\\', '\n', ' ', '$(', ')', '((', '))', '$((', '${', '}', '${a:-', '{', ';', ';;', '&', '|', '<', '>', '<<END\n', "<<'END'\n", '\nEND\n',
  '#', '=', '[', ']', '[[ ', ' ]]', 'a', '-c ', 'if ', 'then ', 'fi', 'for i in ', 'do ', 'done', 'case a in ', 'a)', 'esac', 'f() {', 'function ', 'eval ', 'bash ',
  'declare -i ', 'n=', 'a=(', '!', '=~ ', '<(', '*(', 'ssh ', 'read ',
]; // prettier-ignore

const text = textOf(PIECES);

/** Without incomplete placeholders, so that it can be rendered. */
const fillableText = textOf(PIECES.filter((piece) => piece !== '${CLEARML_TASK.'));

function textOf(pieces: readonly string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((chosen) => chosen.join(''));
}

/** Returns undefined after an error, and checks that the position of the error is within the text. */
function parse(written: string): Template | undefined {
  let template: Template | undefined;
  const problem = errorOf(() => {
    template = parseTemplate(written, 't');
  });
  if (problem !== undefined) {
    const line = written.split('\n')[problem.line - 1];
    expect(line, problem.message).not.to.equal(undefined);
    expect(problem.column - 1).to.be.within(0, line?.length ?? 0);
    expect(problem.message).to.match(/^t:\d+:\d+: [^\n]+$/);
  }
  return template;
}

describe('a template of random text', () => {
  it('is accepted, or causes an error with line and column', () => {
    fc.assert(
      fc.property(text, fc.boolean(), (piece, isDirective) => {
        parse(isDirective ? withDirectives(`#SBATCH ${piece.replaceAll('\n', ' ')}`) : withBody(piece));
      }),
      { numRuns: 5000 },
    );
  });

  it('is rendered without a change outside the placeholders', () => {
    fc.assert(
      fc.property(fillableText, (piece) => {
        const template = parse(withBody(piece));
        const problem = errorOf(() => {
          const { script } = template?.render(withProperties({ x: '7' }), noBlocks) ?? { script: undefined };
          // A name directly before a value gets braces.
          const plain = script?.replaceAll(/\$\{(\w+)\}(?=['"]*7)/g, '$$$1').replaceAll(/['"]/g, '');
          const expected = withBody(piece)
            .replaceAll(/\$\{CLEARML_TASK[^}]*\}/g, '7')
            .replaceAll('$<CLEARML_QUEUE_NAME>', 'default')
            .replaceAll(/\$\{CLEARML_[A-Z_]+\}/g, ':')
            .replaceAll(/\$\{(\w+)\}(?=['"]*7)/g, '$$$1')
            .replaceAll(/['"]/g, '');
          // Placeholders in comments stay, and so do braces after a process id.
          if (template !== undefined && !/#|\$\$/.test(piece)) expect(plain).to.equal(expected);
        });
        if (problem !== undefined)
          expect(problem.finding).to.match(/default.*(code a second time|is evaluated)|part of the name/);
      }),
      { numRuns: 5000 },
    );
  });
});
