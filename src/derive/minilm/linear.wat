;; The arithmetic of a transformer that takes time: products of matrices, and numbers of half precision made whole.
;; scripts/assemble-kernel.ts turns this text into linear-module.ts; a test holds the two together.
(module
  (memory (export "memory") 1)

  (func $sum (param $four v128) (result f32)
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $four)) (f32x4.extract_lane 1 (local.get $four)))
      (f32.add (f32x4.extract_lane 2 (local.get $four)) (f32x4.extract_lane 3 (local.get $four)))))

  ;; Writes `count` numbers of 16 bits to `to`, as numbers of 32 bits. `count` is a multiple of 4; none may be infinite.
  ;; The bits of a half, moved 13 places, are a number of 32 bits whose exponent is 112 too small: multiplying mends that,
  ;; and the smallest numbers, which have no exponent, as well. Its sign, spread over the four highest bits, is cut back to one.
  (func $widen (export "widen") (param $from i32) (param $count i32) (param $to i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $to) (i32.shl (local.get $count) (i32.const 2))))
    (loop $each-four
      (v128.store
        (local.get $to)
        (f32x4.mul
          (v128.and
            (i32x4.shl (v128.load16x4_s (local.get $from)) (i32.const 13))
            (v128.const i32x4 0x8fffe000 0x8fffe000 0x8fffe000 0x8fffe000))
          (v128.const f32x4 0x1p112 0x1p112 0x1p112 0x1p112)))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br_if $each-four (i32.lt_u (local.get $to) (local.get $end)))))

  ;; Two columns of a product: the dot products of each row of `x` with two rows of weights, plus a bias each.
  ;; Four rows at once: eight sums stay in registers, and each number that is loaded is used two or four times.
  (func $two-columns
    (param $x i32) (param $weights-a i32) (param $weights-b i32) (param $bias-a f32) (param $bias-b f32) (param $to i32)
    (param $rows-end i32) (param $inner-bytes i32) (param $x-step i32) (param $out-step i32)
    (local $inner-end i32) (local $x1 i32) (local $x2 i32) (local $x3 i32) (local $next i32) (local $wa i32) (local $wb i32)
    (local $a v128) (local $b v128) (local $four v128)
    (local $s0a v128) (local $s0b v128) (local $s1a v128) (local $s1b v128)
    (local $s2a v128) (local $s2b v128) (local $s3a v128) (local $s3b v128)
    (loop $each-four-rows
      (local.set $x1 (i32.add (local.get $x) (local.get $x-step)))
      (local.set $x2 (i32.add (local.get $x1) (local.get $x-step)))
      (local.set $x3 (i32.add (local.get $x2) (local.get $x-step)))
      (local.set $next (i32.add (local.get $x3) (local.get $x-step)))
      (local.set $wa (local.get $weights-a))
      (local.set $wb (local.get $weights-b))
      (local.set $s0a (v128.const i32x4 0 0 0 0))
      (local.set $s0b (v128.const i32x4 0 0 0 0))
      (local.set $s1a (v128.const i32x4 0 0 0 0))
      (local.set $s1b (v128.const i32x4 0 0 0 0))
      (local.set $s2a (v128.const i32x4 0 0 0 0))
      (local.set $s2b (v128.const i32x4 0 0 0 0))
      (local.set $s3a (v128.const i32x4 0 0 0 0))
      (local.set $s3b (v128.const i32x4 0 0 0 0))
      (local.set $inner-end (i32.add (local.get $x) (local.get $inner-bytes)))
      (loop $each-four
        (local.set $a (v128.load (local.get $wa)))
        (local.set $b (v128.load (local.get $wb)))
        (local.set $four (v128.load (local.get $x)))
        (local.set $s0a (f32x4.add (local.get $s0a) (f32x4.mul (local.get $four) (local.get $a))))
        (local.set $s0b (f32x4.add (local.get $s0b) (f32x4.mul (local.get $four) (local.get $b))))
        (local.set $four (v128.load (local.get $x1)))
        (local.set $s1a (f32x4.add (local.get $s1a) (f32x4.mul (local.get $four) (local.get $a))))
        (local.set $s1b (f32x4.add (local.get $s1b) (f32x4.mul (local.get $four) (local.get $b))))
        (local.set $four (v128.load (local.get $x2)))
        (local.set $s2a (f32x4.add (local.get $s2a) (f32x4.mul (local.get $four) (local.get $a))))
        (local.set $s2b (f32x4.add (local.get $s2b) (f32x4.mul (local.get $four) (local.get $b))))
        (local.set $four (v128.load (local.get $x3)))
        (local.set $s3a (f32x4.add (local.get $s3a) (f32x4.mul (local.get $four) (local.get $a))))
        (local.set $s3b (f32x4.add (local.get $s3b) (f32x4.mul (local.get $four) (local.get $b))))
        (local.set $wa (i32.add (local.get $wa) (i32.const 16)))
        (local.set $wb (i32.add (local.get $wb) (i32.const 16)))
        (local.set $x1 (i32.add (local.get $x1) (i32.const 16)))
        (local.set $x2 (i32.add (local.get $x2) (i32.const 16)))
        (local.set $x3 (i32.add (local.get $x3) (i32.const 16)))
        (local.set $x (i32.add (local.get $x) (i32.const 16)))
        (br_if $each-four (i32.lt_u (local.get $x) (local.get $inner-end))))
      (f32.store (local.get $to) (f32.add (local.get $bias-a) (call $sum (local.get $s0a))))
      (f32.store offset=4 (local.get $to) (f32.add (local.get $bias-b) (call $sum (local.get $s0b))))
      (local.set $to (i32.add (local.get $to) (local.get $out-step)))
      (f32.store (local.get $to) (f32.add (local.get $bias-a) (call $sum (local.get $s1a))))
      (f32.store offset=4 (local.get $to) (f32.add (local.get $bias-b) (call $sum (local.get $s1b))))
      (local.set $to (i32.add (local.get $to) (local.get $out-step)))
      (f32.store (local.get $to) (f32.add (local.get $bias-a) (call $sum (local.get $s2a))))
      (f32.store offset=4 (local.get $to) (f32.add (local.get $bias-b) (call $sum (local.get $s2b))))
      (local.set $to (i32.add (local.get $to) (local.get $out-step)))
      (f32.store (local.get $to) (f32.add (local.get $bias-a) (call $sum (local.get $s3a))))
      (f32.store offset=4 (local.get $to) (f32.add (local.get $bias-b) (call $sum (local.get $s3b))))
      (local.set $to (i32.add (local.get $to) (local.get $out-step)))
      (local.set $x (local.get $next))
      (br_if $each-four-rows (i32.lt_u (local.get $x) (local.get $rows-end)))))

  ;; Writes to row `r` and column `c` of `out` the dot product of row `r` of `x` with row `c` of `other`. Rows have `inner`
  ;; numbers of 32 bits and begin `x-step`, `other-step` and `out-step` bytes after each other. `rows` and `inner` are multiples
  ;; of 4, `columns` is even, and none is 0.
  (func (export "multiply")
    (param $x i32) (param $other i32) (param $out i32) (param $rows i32) (param $inner i32) (param $columns i32)
    (param $x-step i32) (param $other-step i32) (param $out-step i32)
    (local $rows-end i32) (local $out-end i32) (local $second i32)
    (local.set $rows-end (i32.add (local.get $x) (i32.mul (local.get $rows) (local.get $x-step))))
    (local.set $out-end (i32.add (local.get $out) (i32.shl (local.get $columns) (i32.const 2))))
    (local.set $inner (i32.shl (local.get $inner) (i32.const 2)))
    (loop $each-two-columns
      (local.set $second (i32.add (local.get $other) (local.get $other-step)))
      (call $two-columns
        (local.get $x) (local.get $other) (local.get $second) (f32.const 0) (f32.const 0) (local.get $out)
        (local.get $rows-end) (local.get $inner) (local.get $x-step) (local.get $out-step))
      (local.set $other (i32.add (local.get $second) (local.get $other-step)))
      (local.set $out (i32.add (local.get $out) (i32.const 8)))
      (br_if $each-two-columns (i32.lt_u (local.get $out) (local.get $out-end)))))

  ;; The same with weights of 16 bits, whose rows lie one after the other, and one number of `bias` for each column. Rows of `x`
  ;; and `out` lie one after the other as well. Two rows of weights at a time are widened to `room`, which stays in the first cache.
  (func (export "linear")
    (param $x i32) (param $weights i32) (param $bias i32) (param $out i32)
    (param $rows i32) (param $inner i32) (param $columns i32) (param $room i32)
    (local $rows-end i32) (local $out-end i32) (local $bytes i32) (local $out-step i32)
    (local.set $bytes (i32.shl (local.get $inner) (i32.const 2)))
    (local.set $out-step (i32.shl (local.get $columns) (i32.const 2)))
    (local.set $rows-end (i32.add (local.get $x) (i32.mul (local.get $rows) (local.get $bytes))))
    (local.set $out-end (i32.add (local.get $out) (local.get $out-step)))
    (loop $each-two-columns
      (call $widen (local.get $weights) (i32.shl (local.get $inner) (i32.const 1)) (local.get $room))
      (call $two-columns
        (local.get $x) (local.get $room) (i32.add (local.get $room) (local.get $bytes))
        (f32.load (local.get $bias)) (f32.load offset=4 (local.get $bias)) (local.get $out)
        (local.get $rows-end) (local.get $bytes) (local.get $bytes) (local.get $out-step))
      (local.set $weights (i32.add (local.get $weights) (local.get $bytes)))
      (local.set $bias (i32.add (local.get $bias) (i32.const 8)))
      (local.set $out (i32.add (local.get $out) (i32.const 8)))
      (br_if $each-two-columns (i32.lt_u (local.get $out) (local.get $out-end))))))
