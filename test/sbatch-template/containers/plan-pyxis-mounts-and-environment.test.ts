// The additions of a task to a template for Pyxis: mounts merged with those of the template, and nothing that Pyxis or enroot could run.
import { expect } from 'chai';
import fc from 'fast-check';
import { quoteWord } from '../../../src/base/shell-word.ts';
import { planPyxis } from '../../../src/sbatch-template/containers/plan-pyxis-mounts-and-environment.ts';
import { PLAIN_FOR_PYXIS } from '../../../src/sbatch-template/containers/check-restricted-option.ts';
import { TemplateError } from '../../../src/sbatch-template/errors.ts';
import { parseTemplate } from '../../../src/sbatch-template/parse-template.ts';
import { runInBash } from '../run-in-bash.ts';
import { emptyVariables } from '../template-fixtures.ts';
import { hostileText } from '../hostile-values.ts';
import { GENERATIONS, parseDirectives } from '../sbatch-model.ts';

const BLOCKS = { preSetup: ':', agentExecute: ':', postSetup: ':' };
const END = '${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';
const IMAGE = '#SBATCH --container-image=${CLEARML_TASK.container.image}\n';

const SETTINGS = {
  image: undefined,
  arguments: '',
  extraArguments: '',
  setUpLines: [],
  mounts: ['/data'],
  imageDir: undefined,
  imageCacheDir: undefined,
  forcePull: false,
  ssh: false,
};

interface Asked {
  readonly arguments?: string;
  readonly image?: string;
  readonly sharedDir?: string;
}

function render(template: string, { image = 'python:3.12', sharedDir, ...asked }: Asked): string {
  const variables = { ...emptyVariables, task: { container: { image, ...asked } } };
  const parsed = parseTemplate(template, 'pyxis.template');
  const plan = planPyxis(parsed, variables, SETTINGS, sharedDir);
  return parsed.render(variables, BLOCKS, plan?.additions).script;
}

/** What sbatch reads beside the image, the same in all releases. */
function directives(lines: string, asked: Asked = {}): string[] {
  const script = render(`#!/bin/bash\n${IMAGE}${lines}${END}`, asked);
  const [first = [], ...others] = GENERATIONS.map((generation) => parseDirectives(script, generation));
  for (const other of others) expect(other).to.deep.equal(first);
  return first.slice(1);
}

describe('the renderer of a template with #SBATCH --container-image', () => {
  for (const [what, lines, asked, expected] of [
    ['mounts the home directory', '', {}, ['--container-mount-home']],
    [
      'mounts the shared directory instead of the home directory',
      '',
      { sharedDir: '/shared/c' },
      ['--container-mounts=/shared/c:/shared/c'],
    ],
    [
      "adds the shared directory to the template's own mounts",
      '#SBATCH --container-mounts=/a:/a\n',
      { sharedDir: '/shared' },
      ['--container-mounts=/a:/a,/shared:/shared'],
    ],
    [
      'adds the shared directory to the quoted mounts "/a:/a b"',
      '#SBATCH --container-mounts "/a:/a b"\n',
      { sharedDir: '/shared' },
      ['--container-mounts', '/a:/a b,/shared:/shared'],
    ],
    [
      'does not mount the shared directory twice',
      '#SBATCH --container-mounts=/x:/y,/shared\n',
      { sharedDir: '/shared/c/' },
      ['--container-mounts=/x:/y,/shared'],
    ],
    [
      'mounts the shared directory even if another directory is mounted at the same path',
      '#SBATCH --container-mounts=/x:/shared\n',
      { sharedDir: '/shared' },
      ['--container-mounts=/x:/shared,/shared:/shared'],
    ],
    ['does not mount the home directory twice', '#SBATCH --container-mount-home\n', {}, ['--container-mount-home']],
    [
      'does not mount the home directory if the template sets --no-container-mount-home',
      '#SBATCH --no-container-mount-home\n',
      {},
      ['--no-container-mount-home'],
    ],
    [
      "mounts the directories in the task's container arguments",
      '',
      { arguments: '-v /data/x:/in:ro -v /data' },
      ['--container-mounts=/data/x:/in:ro,/data:/data', '--container-mount-home'],
    ],
  ] as const) {
    it(what, () => {
      expect(directives(lines, asked)).to.have.members(expected).and.have.length(expected.length);
    });
  }

  it('marks the added directives with a comment', () => {
    expect(render(`#!/bin/bash\n${IMAGE}${END}`, {})).to.include(
      '\n# Added by clearml-agent-slurm: mounts that the job or the task needs in the container.\n#SBATCH --container-mount-home\n',
    );
  });
});

describe('the renderer of a template with srun --container-image', () => {
  const template = (options: string): string => `#!/bin/bash\n${END.replace('\n', `\nshow a srun ${options} x\n`)}`;

  for (const [what, options, given] of [
    [
      'in an added option --container-mounts',
      '--container-image=a',
      ['--container-image=a', '--container-mounts=/data/x:/in:ro', 'x'],
    ],
    [
      "in addition to the template's own mounts",
      '--container-mounts="$PWD:$PWD" --container-image a',
      [`--container-mounts=PWD:PWD,/data/x:/in:ro`, '--container-image', 'a', 'x'],
    ],
  ] as const) {
    it(`passes the task's mounts to srun ${what}`, async () => {
      const { shown } = await runInBash(render(template(options), { arguments: '-v /data/x:/in:ro' }));
      const words = shown.get('a')?.map((word) => word.replaceAll(process.cwd(), 'PWD'));
      expect(words?.slice(1).map((word) => word.replace(/=\/[^:]*\/[^:]*:\/[^,]*,/, '=PWD:PWD,'))).to.deep.equal(given);
    });
  }

  it('does not change the srun command if the task has no mounts', () => {
    expect(render(template('--container-image=a'), { sharedDir: '/shared' })).to.include(
      'srun --container-image=a x\n',
    );
  });

  for (const [what, options, expected] of [
    ['mounts', '--container-image=a --container-mounts="$CLEARML_SLURM_JOB_FOLDER:$CLEARML_SLURM_JOB_FOLDER"', true],
    ['does not mount', '--container-image=a --container-mounts="$PWD" # not CLEARML_SLURM_JOB_FOLDER', false],
  ] as const) {
    it(`detects that the template ${what} the job directory in the container`, () => {
      const parsed = parseTemplate(template(options), 'pyxis.template');
      const facts = planPyxis(parsed, emptyVariables, SETTINGS, undefined)?.facts;
      expect(facts?.seesJobFolder).to.equal(expected);
    });
  }

  it('reports that container arguments are ignored if the srun options are in an array', () => {
    const parsed = parseTemplate(`#!/bin/bash\noptions=(--container-image=a)\n${END}`, 'pyxis.template');
    const variables = { ...emptyVariables, task: { container: { arguments: '-v /data --nv' } } };
    const notes = planPyxis(parsed, variables, SETTINGS, undefined)?.notes.join('\n');
    expect(notes)
      .to.include('The mount /data:/data is ignored: the template has --container-image in a variable or an array')
      .and.include('The container argument --nv is ignored');
  });
});

describe('the template renderer for Pyxis options', () => {
  for (const [what, asked, words] of [
    ['a mount of a directory that is not allowed', { arguments: '-v /etc' }, 'must not be mounted'],
    ['a mount with the code $(id)', { arguments: "-v '/data/$(id)'" }, 'could read as code'],
    ['a mount with a backquote', { arguments: "-v '/data/`id`:/x'" }, 'could read as code'],
    ['a mount with flags for enroot', { arguments: "-v '/data/x y'" }, 'could read as code'],
    ['an image name with the code $(id)', { image: 'docker://x/$(id)' }, 'is not the name of an image'],
    ['an option instead of an image name', { image: '--container-save=/x' }, 'is not the name of an image'],
    ['an image name of two words', { image: 'a b' }, 'is not the name of an image'],
    ['an image name that Pyxis does not support', { image: 'oras://a/b' }, 'is not the name of an image'],
    ['an image path with a backquote', { image: '/images/`id`.sqsh' }, 'is not the name of an image'],
  ] as const) {
    it(`rejects ${what}`, () => {
      expect(() => render(`#!/bin/bash\n${IMAGE}${END}`, asked)).to.throw(TemplateError, words);
    });
  }

  for (const image of ['me@nvcr.io#team/x:1', 'docker://me@nvcr.io#x', 'x@sha256:ab12', 'dockerd://nvcr.io/x:1']) {
    it(`accepts the image ${image}`, () => {
      expect(render(`#!/bin/bash\n${IMAGE}${END}`, { image })).to.include(image.slice(-5));
    });
  }

  it('rejects $(id) in the Pyxis options mounts, env, workdir, name and save', () => {
    for (const option of ['mounts', 'env', 'workdir', 'name', 'save']) {
      const line = `#SBATCH --container-${option}=/x\${CLEARML_TASK.container.arguments}\n`;
      const template = `#!/bin/bash\n${line}${END}`;
      const variables = { ...emptyVariables, task: { container: { arguments: '$(id)' } } };
      expect(() => parseTemplate(template, 'p').render(variables, BLOCKS)).to.throw(
        TemplateError,
        /as code|a directory that is not below/,
      );
    }
  });

  it('accepts characters that bash leaves unchanged in the enroot script of Pyxis', async () => {
    // enroot_create_start_config and fstab_escape of Pyxis 0.24: only spaces and backslashes are escaped.
    const plain = fc.sample(
      hostileText().map((text) => text.replaceAll(/[^\w./:,@#%+=~-]/g, '')),
      50,
    );
    expect(plain.every((value) => PLAIN_FOR_PYXIS.test(value))).to.equal(true);
    const lines = plain.map((value, index) => `show ${index} "$(echo "/a${value} /b rbind")"`);
    const { shown } = await runInBash(lines.join('\n'));
    for (const [index, value] of plain.entries()) {
      expect(shown.get(String(index)), quoteWord(value)).to.deep.equal([`/a${value} /b rbind`]);
    }
  });

  it('rejects each character that bash would interpret in the enroot script of Pyxis', () => {
    for (const character of '$`"\'\\ \t\n;&|<>()[]{}*?!^\0é') {
      expect(PLAIN_FOR_PYXIS.test(`a${character}b`), JSON.stringify(character)).to.equal(false);
    }
  });
});
