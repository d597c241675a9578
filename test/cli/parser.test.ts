// Usage errors are one line; help and version are printed to standard output.
import { expect } from 'chai';
import { openCli } from './open-cli.ts';

describe('the command-line parser', () => {
  for (const [args, answer] of [
    [['--log-level', 'loud'], '--log-level must be one of error, warn, info, debug, not "loud".'],
    [
      ['status', '--log-level=inof'],
      '--log-level must be one of error, warn, info, debug, not "inof". Did you mean info?',
    ],
    [['render', '--task'], '--task requires a value: --task TASK.'],
    [['logs', '-n'], '--lines requires a value: -n, --lines N.'],
    [['--ssh'], '--ssh requires a value: --ssh [USER@]HOST.'],
    [['status', '--wacth'], 'Unknown option --wacth. Did you mean --watch?'],
    [['status', '--xyzzy'], 'Unknown option --xyzzy. See clearml-agent-slurm status --help.'],
    [['xyzzy'], 'Unknown command "xyzzy". See clearml-agent-slurm --help.'],
    [['render', '--task', '--origins'], '--task requires a value: --task TASK.'],
    [['init', 'folder', 'another'], 'Unknown command "another".'],
    [['--task.id', '1'], 'Unknown option --task.id.'],
    [['unit'], 'unit needs a KIND: use systemd, cron, scrontab, slurm-job.'],
  ] as const) {
    it(`rejects "${args.join(' ')}" with the line "${answer}"`, async () => {
      await using cli = await openCli();

      const { code, stdout, stderr } = await cli.run(...args);

      expect(code, stderr).to.equal(2);
      expect(stdout).to.equal('');
      expect(stderr)
        .to.match(/^.*\n$/)
        .and.include(answer);
    });
  }

  it('uses the last value of a repeated option', async () => {
    await using cli = await openCli();

    const { stderr } = await cli.run('--config-file', 'first.conf', '--config-file', 'second.conf');

    expect(stderr).to.include('second.conf').and.not.include('first.conf');
  });

  it('accepts options before the command', async () => {
    await using cli = await openCli();

    const { code, stdout } = await cli.run('--log-level', 'debug', 'config', 'agent.slurm.queues', '--json');

    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '[]\n' });
  });

  it('treats "status" in "--queue gpu status" as the name of a queue', async () => {
    await using cli = await openCli();

    const { stdout } = await cli.run('config', 'agent.slurm.queues', '--json', '--queue', 'gpu', 'status');

    expect(JSON.parse(stdout)).to.deep.equal(['gpu', 'status']);
  });

  for (const args of [['-h'], ['render', '--help'], ['render', '--version']]) {
    it(`prints to stdout and exits with code 0 for "${args.join(' ')}"`, async () => {
      await using cli = await openCli();

      const { code, stdout, stderr } = await cli.run(...args);

      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout).to.match(
        args.includes('--version')
          ? /^clearml-agent-slurm \d+\.\d+\.\d+ \(open source, .*\nbuilt from source in \/.*, with Node v\d+/
          : /--log-level/,
      );
    });
  }
});
