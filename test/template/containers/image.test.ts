// The names of images as tasks have them: what singularity exec is given for each, and which are refused.
import { expect } from 'chai';
import fc from 'fast-check';
import { readImage } from '../../../src/template/containers/image.ts';
import { hostileText } from '../hostile-values.ts';

describe('an image', () => {
  for (const [written, given] of [
    ['ubuntu', 'docker://ubuntu'],
    ['nvidia/cuda:12.6.3-cudnn-runtime-ubuntu20.04', 'docker://nvidia/cuda:12.6.3-cudnn-runtime-ubuntu20.04'],
    ['127.0.0.1:5000/team/train:1', 'docker://127.0.0.1:5000/team/train:1'],
    ['nvcr.io/nvidia/pytorch:24.01-py3', 'docker://nvcr.io/nvidia/pytorch:24.01-py3'],
    ['docker://nvcr.io#nvidia/pytorch:24.01-py3', 'docker://nvcr.io/nvidia/pytorch:24.01-py3'],
    ['python@sha256:0123456789abcdef', 'docker://python@sha256:0123456789abcdef'],
    ['Docker://python', 'docker://python'],
    ['oras://ghcr.io/lab/image:1', 'oras://ghcr.io/lab/image:1'],
    ['library://lab/train/image:1', 'library://lab/train/image:1'],
    [' /images/my image.sif ', '/images/my image.sif'],
    ['./image.sif', './image.sif'],
    ['image.sif', './image.sif'],
    ['images/torch.sif', './images/torch.sif'],
    ['/scratch/root/', '/scratch/root/'],
  ] as const) {
    it(`"${written}" is ${given}`, () => {
      expect(readImage(written)).to.deep.equal({ image: given });
    });
  }

  for (const [written, words] of [
    ['shub://vsoch/hello', 'has closed'],
    ['instance://mine', 'is none of docker://'],
    ['docker-daemon://x', 'is none of docker://'],
    ['https://example.org/x.sif', 'is none of docker://'],
    ['--writable', 'is not the name of an image'],
    ['docker://--writable', 'is not the name of an image'],
    ['ubuntu -v /:/host', 'is not the name of an image'],
    ['docker://ubuntu$(id)', 'is not the name of an image'],
    ['/a:b.sif', 'a colon'],
    ['/a\nb.sif', 'control character'],
  ] as const) {
    it(`${JSON.stringify(written)} is refused: ${words}`, () => {
      expect(readImage(written)).to.have.property('refusal').that.includes(words);
    });
  }

  it('that is hostile is refused, or is one word with a scheme or a path in front', () => {
    fc.assert(
      fc.property(hostileText, (written) => {
        const read = readImage(written);
        if ('image' in read) expect(read.image).to.match(/^(?:(?:docker|oras|library):\/\/[\w.:/@+-]+$|\.{0,2}\/)/);
      }),
      { numRuns: 1_000 },
    );
  });
});
