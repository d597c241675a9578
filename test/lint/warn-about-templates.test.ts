// The daemon logs lint errors at the start and after a reload: each once, with its line.
import { expect } from 'chai';
import { warnAboutTemplates } from '../../src/lint/lint-template.ts';
import { createWarnOnce, type Logger } from '../../src/log/logger.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { openCliWithStandIns } from '../cli/cli-with-stand-ins.ts';

const BODY = '${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';
const MISSPELT = `#!/bin/bash\n#SBATCH --nodes=\${CLEARML_TASK.hyperparms.properties.num_nodes.value:1}\n${BODY}`;

function hostPrinting(stderr: string): Transport {
  return {
    name: 'login1',
    run: () => Promise.resolve({ exitCode: stderr === '' ? 0 : 1, killedBy: undefined, stdout: '', stderr }),
    close: () => Promise.resolve(),
  };
}

describe('the daemon', () => {
  it('logs at its start each error in a template, with file and line', async () => {
    await using cli = await openCliWithStandIns();
    await cli.write('gpu.template', MISSPELT);
    await cli.user.makeQueue('gpu');

    const { code, stderr } = await cli.run('--once', '--queue', 'gpu', '--template-files', 'gpu.template');

    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/WARN .*Template gpu\.template, line 2: CLEARML_TASK has no field "hyperparms"/);
  });

  it('warns at its start that jobs on one node do not call the shell function srun of a template', async () => {
    await using cli = await openCliWithStandIns();
    await cli.user.makeQueue('gpu');
    const warned = async (body: string, ...args: string[]): Promise<boolean> => {
      await cli.write('gpu.template', `#!/bin/bash\n\${CLEARML_PRE_SETUP}\n${body}\n\${CLEARML_POST_SETUP}\n`);
      const { stderr } = await cli.run('--once', '--queue', 'gpu', '--template-files', 'gpu.template', ...args);
      return stderr.includes(
        'WARN gpu.template defines a function srun, which jobs on one node do not call: start the',
      );
    };
    const wrapper = 'srun() {\n  command srun --container-image=x "$@"\n}\n';

    expect(await warned(`${wrapper}\${CLEARML_AGENT_EXECUTE}`)).to.equal(true);
    expect(await warned(`${wrapper}\${CLEARML_AGENT_EXECUTE}`, '--srun-delegation')).to.equal(false);
    expect(await warned(`${wrapper}srun env \${CLEARML_AGENT_EXECUTE}`)).to.equal(false);
    expect(await warned('${CLEARML_AGENT_EXECUTE}')).to.equal(false);
  });

  it("writes to the task's console which user properties the template does not use", async () => {
    await using cli = await openCliWithStandIns();
    await cli.write(
      'gpu.template',
      `#!/bin/bash\n#SBATCH --time=\${CLEARML_TASK.hyperparams.properties.walltime.value:5}\n${BODY}`,
    );
    const task = await cli.user.makeTask({ properties: { num_nodes: '2', walltime: '4' } });
    await cli.user.enqueue(task, await cli.user.makeQueue('gpu'));

    const { code, stderr } = await cli.run('--once', '--queue', 'gpu', '--template-files', 'gpu.template');

    expect(code, stderr).to.equal(0);
    expect(await cli.user.console(task)).to.include(
      'The template of this queue does not use the user property "num_nodes". It uses walltime.',
    );
  });

  it('logs an error of "sbatch --test-only" once, even if the template is checked again', async () => {
    const lines: string[] = [];
    const log = { warn: (message: string) => lines.push(message) } as unknown as Logger;
    const warnOnce = createWarnOnce();
    const text = `#!/bin/bash\n#SBATCH --nodes=1\n#SBATCH --bogus=1\n${BODY}`;
    const queue = { template: parseTemplate(text, 'gpu.template'), text, bounds: undefined, properties: [] };
    const here = hostPrinting('');
    const cluster = hostPrinting("sbatch: unrecognized option '--bogus=1'\n");

    for (const sbatch of ['sbatch', 'sbatch'])
      await warnAboutTemplates([queue, queue], { log, warnOnce, programs: { here, cluster, sbatch } });

    expect(lines).to.deep.equal([
      "Template gpu.template, line 3: sbatch --test-only: unrecognized option '--bogus=1'.",
    ]);
  });
});
