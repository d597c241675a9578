// What the parser itself finds wrong, or answers by itself, reaches a person as a sentence or a page, never as a stack.
import { expect } from 'chai';
import { here } from './run-here.ts';

describe('the parser of the command line', () => {
  for (const [words, answer] of [
    [['--log-level', 'loud'], '--log-level is one of error, warn, info, debug, not "loud".'],
    [['status', '--log-level=inof'], '--log-level is one of error, warn, info, debug, not "inof". Did you mean info?'],
    [['render', '--task'], '--task needs a value: --task TASK.'],
    [['logs', '-n'], '--lines needs a value: -n, --lines N.'],
    [['--ssh'], '--ssh needs a value: --ssh [USER@]HOST.'],
    [['status', '--wacth'], 'There is no option --wacth. Did you mean --watch?'],
    [['status', '--xyzzy'], 'There is no option --xyzzy. See clearml-agent-slurm status --help.'],
    [['xyzzy'], 'There is no command "xyzzy". See clearml-agent-slurm --help.'],
    [['render', '--task', '--origins'], '--task needs a value: --task TASK.'],
    [['init', 'folder', 'another'], 'There is no command "another".'],
    [['--task.id', '1'], 'There is no option --task.id.'],
    [['unit'], 'unit needs a kind: name one of systemd, cron, scrontab, slurm-job.'],
  ] as const) {
    it(`answers "${words.join(' ')}" with one line and exit code 2`, async () => {
      await using place = await here();

      const { code, stdout, stderr } = await place.run(...words);

      expect(code, stderr).to.equal(2);
      expect(stdout).to.equal('');
      expect(stderr)
        .to.match(/^.*\n$/)
        .and.include(answer);
    });
  }

  it('takes the last of a value that is given twice', async () => {
    await using place = await here();

    const { stderr } = await place.run('--config-file', 'first.conf', '--config-file', 'second.conf');

    expect(stderr).to.include('second.conf').and.not.include('first.conf');
  });

  it('finds the command behind options that stand before it', async () => {
    await using place = await here();

    const { code, stdout } = await place.run('--log-level', 'debug', 'config', 'agent.slurm.queues', '--json');

    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '[]\n' });
  });

  it('takes a word behind a list for one more of the list, though it is the name of a command', async () => {
    await using place = await here();

    const { stdout } = await place.run('config', 'agent.slurm.queues', '--json', '--queue', 'gpu', 'status');

    expect(JSON.parse(stdout)).to.deep.equal(['gpu', 'status']);
  });

  for (const words of [['-h'], ['render', '--help'], ['render', '--version']]) {
    it(`answers "${words.join(' ')}" on standard output, and does nothing else`, async () => {
      await using place = await here();

      const { code, stdout, stderr } = await place.run(...words);

      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout).to.match(
        words.includes('--version')
          ? /^clearml-agent-slurm \d+\.\d+\.\d+ \(the open one, .*\n\/.* with Node v\d+/
          : /--log-level/,
      );
    });
  }
});
