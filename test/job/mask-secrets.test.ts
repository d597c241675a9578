// The masker of a job that reports its own log, in real Python, and that of the daemon mask the same examples.
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import Mustache from 'mustache';
import { redactShapes, redactText } from '../../src/base/secret-patterns.ts';
import { readPackageFile } from '../../src/base/installation.ts';
import { quoteWord } from '../../src/base/shell-word.ts';
import { blockView } from '../../src/sbatch-template/job-script/render-blocks.ts';
import { NAMED_EXAMPLES, SHAPE_EXAMPLES } from '../base/secret-examples.ts';
import { jobFacts } from './job-script.ts';
import { agentPython, requireAgent } from '../support/skip-unless.ts';

const KEPT = [
  "KeyError: 'lr' in step 5, passed: 7, host:port 127.0.0.1:8080",
  'docker://127.0.0.1:5000/x@sha256:abcd and git@host:team/x.git',
  'File "train.py", line 7, in main',
];

/** Their time was quadratic in the length. */
const LONG = ['a'.repeat(200_000), '-'.repeat(200_000), 'token'.repeat(40_000), 'https://a:'.repeat(20_000)];

/** Masks all texts in one process. */
function maskInPython(texts: readonly string[]): string[] {
  const masker = Mustache.render(
    readPackageFile('templates/partials/mask-secrets.py.mustache'),
    blockView(jobFacts()),
    undefined,
    { escape: (value) => quoteWord(String(value)) },
  );
  const program = `import json, re, sys\n${masker}\nprint(json.dumps([mask(text, []) for text in json.load(sys.stdin)]))\n`;
  const run = spawnSync(agentPython(), ['-c', program], { input: JSON.stringify(texts), encoding: 'utf8' });
  expect(run.stderr).to.equal('');
  return JSON.parse(run.stdout) as string[];
}

describe("the masking of secrets in a job's log", () => {
  before(requireAgent);

  it('masks the same secrets as the daemon', () => {
    const examples = [...SHAPE_EXAMPLES, ...NAMED_EXAMPLES];
    const masked = maskInPython(examples.map(([text]) => text));

    for (const [at, [text, secret]] of examples.entries()) {
      expect(masked[at], text).to.not.include(secret);
      expect(redactText(text).shown, text).to.not.include(secret);
    }
    for (const [text, secret] of SHAPE_EXAMPLES) expect(redactShapes(text), text).to.not.include(secret);
  });

  it('leaves text without a secret unchanged', () => {
    expect(maskInPython(KEPT)).to.deep.equal(KEPT);
    expect(maskInPython(LONG)).to.have.length(LONG.length);
  });
});
