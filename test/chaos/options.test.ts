// Parses the options of `npm run chaos`.
import { expect } from 'chai';
import { parseOptions } from './options.ts';

describe('npm run chaos', () => {
  it('uses default options and a new seed if the command line has no options', () => {
    expect(parseOptions([], 77)).to.deep.equal({
      seed: 77,
      seconds: undefined,
      tasks: undefined,
      firstRound: 0,
      version: undefined,
      agent: 'stand-in',
      daemons: 1,
      over: undefined,
      isShared: false,
      upgradeFrom: undefined,
      isUnderLoad: false,
      isSimulated: false,
      keep: false,
    });
  });

  it('parses --seconds, --seed, --round, --slurm, --agent, --daemons, --over, --shared and others', () => {
    const args =
      '--seconds 5 --seed 3 --round 4 --slurm 26.05 --agent real --daemons 2 --over openssh --shared --keep'.split(' ');
    expect(parseOptions(args, 0)).to.include({
      seconds: 5,
      seed: 3,
      firstRound: 4,
      version: '26.05',
      agent: 'real',
      daemons: 2,
      over: 'openssh',
      isShared: true,
    });
    expect(parseOptions(['--stand-in', '--tasks', '10000'], 0)).to.include({ isSimulated: true, tasks: 10_000 });
    expect(parseOptions(['--upgrade-from', '0.1.0'], 0)).to.include({ upgradeFrom: '0.1.0' });
    expect(parseOptions(['--help'], 0)).to.equal('help');
  });

  for (const [args, name, why] of [
    [['--seconds', 'soon'], '--seconds', 'the value is not a number'],
    [['--slurm', '1.0'], '--slurm', 'the tests have no such Slurm release'],
    [['--daemons', '9'], '--daemons', 'the maximum is two'],
    [['--over', 'telnet'], '--over', 'no such transport exists'],
    [['--upgrade-from', '0.0.1'], '--upgrade-from', 'no such release exists'],
    [['--sead', '1'], '--sead', 'no such option exists'],
  ] as const) {
    it(`rejects ${args.join(' ')}, because ${why}`, () => {
      expect(() => parseOptions(args, 0)).to.throw(name);
    });
  }
});
