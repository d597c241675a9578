// The text and JSON output of `lint`, with the real bash and shellcheck.
import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import * as z from 'zod';
import { CLEAN } from '../lint/template-problems.ts';
import { requireShellcheck } from '../support/skip-unless.ts';
import { openCli } from './open-cli.ts';

const FAULTY = CLEAN.replace('#SBATCH --output', '#SBATCH --array=1-3\n#SBATCH --output');

const Report = z.object({
  errors: z.number(),
  warnings: z.number(),
  notes: z.number(),
  findings: z.array(
    z.object({
      file: z.string(),
      line: z.number(),
      column: z.number(),
      rule: z.string(),
      severity: z.string(),
      sentence: z.string(),
      why: z.string(),
      write: z.string(),
    }),
  ),
  unchecked: z.array(z.string()),
});

describe('lint', () => {
  it('prints position, rule and severity on one line, then the reason and the fix', async () => {
    await using cli = await openCli();
    await cli.write('gpu.template', FAULTY);

    const { code, stdout, stderr } = await cli.run('lint', 'gpu.template');

    expect(code).to.equal(1);
    expect(stdout).to.equal(
      'gpu.template:3:9 refused-option error: --array: one task is one job. Remove the option, and enqueue a task for each element instead.\n' +
        '    #SBATCH --array=1-3\n            ^\n' +
        '    why: With this option the daemon could not track the job, or the job would run as another user.\n' +
        '    write: Remove the option; docs/templates.md has an alternative for each such option.\n',
    );
    expect(stderr).to.match(/\n?1 error in gpu\.template\.\n$/);
  });

  it('checks several templates, and fails on a warning only with --strict', async () => {
    await using cli = await openCli();
    await cli.write('a.template', CLEAN);
    await cli.write('b.template', CLEAN.replace('export SITE', '#SBATCH --priority=1\nexport SITE'));

    const relaxed = await cli.run('lint', 'a.template', 'b.template');
    const strict = await cli.run('lint', '--strict', 'a.template', 'b.template');

    expect(relaxed.code).to.equal(0);
    expect(relaxed.stderr).to.match(/1 warning in 2 templates\.\n$/);
    expect(strict.code).to.equal(1);
    expect(strict.stdout)
      .to.match(/^b\.template:7:9 priority warning: .*\n/)
      .and.equal(relaxed.stdout);
  });

  it('prints the findings as JSON', async () => {
    await using cli = await openCli();
    await cli.write('gpu.template', FAULTY);

    const { code, stdout, stderr } = await cli.run('lint', '--json', 'gpu.template');

    const report = Report.parse(JSON.parse(stdout));
    expect(code).to.equal(1);
    expect(stderr).to.equal('');
    expect(report.errors).to.equal(1);
    expect(report.findings[0]).to.include({ file: 'gpu.template', line: 3, column: 9, rule: 'refused-option' });
  });

  it('checks the configured templates if the command line names no template', async () => {
    await using cli = await openCli();
    await cli.write('gpu.template', CLEAN);
    await cli.write('clearml.conf', 'agent.slurm.template_files: [gpu.template]');

    const { code, stderr } = await cli.run('lint');

    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/No problems found in .*gpu\.template\.\n$/);
  });

  it('shows an example command if no template is named or configured', async () => {
    await using cli = await openCli();

    expect(await cli.run('lint')).to.include({
      code: 2,
      stderr: 'clearml-agent-slurm: No template. Name a file, such as: clearml-agent-slurm lint gpu.template\n',
    });
    expect((await cli.run('lint', 'none.template')).stderr).to.match(/The template \S+none\.template does not exist/);
  });

  it('reports each check that it skips because a program is missing', async () => {
    await using cli = await openCli({ PATH: '/nowhere' });
    await cli.write('gpu.template', CLEAN);

    const { code, stderr } = await cli.run('lint', 'gpu.template');

    expect(code).to.equal(0);
    for (const program of ['bash', 'shellcheck', 'sbatch']) {
      expect(stderr).to.include(`Not checked: ${program} was not found on this machine.\n`);
    }
  });

  it('reports an output directory that does not exist or whose path contains the job id', async () => {
    await using cli = await openCli();
    await cli.write('a.template', CLEAN.replace('clearml-%j.log', `${cli.folder}/none/%j.log`));
    await cli.write('b.template', CLEAN.replace('clearml-%j.log', `${cli.folder}/%j.log`));
    await cli.write('c.template', CLEAN.replace('clearml-%j.log', 'logs/%j/out.log'));

    expect((await cli.run('lint', 'a.template')).stdout).to.match(/^a\.template:3:9 output-folder warning: .*\/none,/);
    expect((await cli.run('lint', 'b.template')).stdout).to.equal('');
    expect((await cli.run('lint', 'c.template')).stdout).to.match(
      /^c\.template:3:9 output-folder .*differs for each job/,
    );
  });

  it('reports each syntax error of bash with its line in the template', async () => {
    await using cli = await openCli();
    await cli.write('a.template', CLEAN.replace('echo "task', 'if true; echo x; fi\necho "task'));

    const { code, stdout } = await cli.run('lint', 'a.template');

    expect(code).to.equal(1);
    expect(stdout).to.match(
      /^a\.template:10:1 bash-syntax error: bash -n: syntax error near unexpected token `fi'\.\n/,
    );
  });

  describe('(with shellcheck)', () => {
    before(requireShellcheck);

    it('reports the position of each finding in the template, and omits findings that placeholders cause', async () => {
      await using cli = await openCli();
      await cli.write(
        'a.template',
        CLEAN.replace(
          'echo "task',
          [
            'cd /scratch/lab',
            'if [ ${CLEARML_QUEUE_NAME} = gpu ]; then export A=1; fi',
            'case ${CLEARML_TASK.type} in training) export B=1 ;; esac',
            'for word in ${CLEARML_TASK.container.arguments:a}; do export C="$word"; done',
            "echo '${CLEARML_TASK.name}'",
            'echo "task',
          ].join('\n'),
        ),
      );

      const { stdout } = await cli.run('lint', 'a.template');

      expect(stdout).to.match(/^a\.template:10:1 shellcheck warning: SC2164: Use 'cd \.\.\. \|\| exit'/);
      expect(stdout.match(/^\S+ shellcheck /gm)).to.have.length(1);
    });

    for (const folder of ['../../examples/', '../../examples/demo/']) {
      const url = new URL(folder, import.meta.url);
      for (const name of readdirSync(url).filter((file) => file.endsWith('.template'))) {
        it(`reports no problem in ${folder.slice(6)}${name}`, async () => {
          await using cli = await openCli();
          await cli.write(name, readFileSync(new URL(name, url), 'utf8'));

          const { code, stdout } = await cli.run('lint', '--strict', name);

          expect(stdout.replaceAll(/^.* sbatch-refuses .*\n.*\n.*\n/gm, '')).to.equal('');
          expect(code).to.be.oneOf([0, 1]);
        });
      }
    }
  });
});
