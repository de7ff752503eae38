// An authenticator app: RFC 6238 with SHA-1, six digits and steps of 30 seconds.
import { createHmac } from 'node:crypto';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export class Authenticator {
  // The secret as the page shows it for typing in, with or without spaces.
  constructor(secret) {
    const letters = secret.replace(/[\s=]/g, '').toUpperCase();
    const bits = [...letters].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
    this.key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  }

  code(at) {
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(at.getTime() / 30_000)));
    const digest = createHmac('sha1', this.key).update(step).digest();
    const number = digest.readUInt32BE(digest.at(-1) & 0xf) & 0x7fffffff;
    return String(number % 1_000_000).padStart(6, '0');
  }
}
