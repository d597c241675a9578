// Checks that the benchmarks can be run and compare what is comparable, because no other test runs them.
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { buildProgram } from './build-program.ts';
import { createMustacheRendering, render } from './figures/rendering.ts';
import { TYPICAL_TEMPLATE } from './typical-task.ts';

describe('a benchmark', () => {
  it('compares this program with Mustache on scripts of about the same length', () => {
    const [ours, anchor] = [
      render(parseTemplate(TYPICAL_TEMPLATE, 'typical.template')),
      createMustacheRendering()(),
    ].map((script) => script.split(/\s+/).length);
    expect(anchor).to.be.closeTo(ours ?? 0, 60);
  });

  it('builds a program that can print its version', async () => {
    await using program = await buildProgram();
    expect(execFileSync(process.execPath, [program.path, '--version'], { encoding: 'utf8' })).to.match(
      /^clearml-agent-slurm \d/,
    );
  });
});
