// The umask of a submission, from the umask of the login.
import { expect } from 'chai';
import { logUmask, parseUmask } from '../../src/slurm/log-umask.ts';

describe('the umask for job logs', () => {
  for (const [login, given] of [
    ['0022', '0066'],
    ['0002', '0066'],
    ['0027', '0067'],
    ['0077', '0077'],
    ['0000', '0066'],
  ] as const) {
    it(`is ${given} if the login shell has the umask ${login}`, () => {
      expect(logUmask(login)).to.equal(given);
    });
  }

  it('is unknown if the login shell prints anything other than an octal number', () => {
    expect(parseUmask('0022\n')).to.equal('0022');
    expect(parseUmask('077\n')).to.equal('0077');
    for (const strange of ['', 'u=rwx,g=rx,o=rx\n', '0022 0022', '9999'])
      expect(parseUmask(strange)).to.equal(undefined);
  });
});
