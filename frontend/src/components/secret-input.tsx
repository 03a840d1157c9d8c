"use client";

/** A secret that is written but never read back: a stored one shows only its hint. */
import { Eye, EyeOff } from "lucide-react";
import { useState, type ComponentProps } from "react";
import { IconButton } from "./icon-button";
import { Input } from "./input";

type SecretInputProps = Omit<ComponentProps<typeof Input>, "type"> & {
  /** What the server shows of the stored secret, e.g. "sk-…4f2a". */
  storedHint?: string | null;
};

export function SecretInput({ storedHint, placeholder, ...rest }: SecretInputProps) {
  const [visible, setVisible] = useState(false);
  return (
    <span className="relative block">
      <Input
        autoComplete="off"
        spellCheck={false}
        {...rest}
        mono={visible}
        type={visible ? "text" : "password"}
        placeholder={storedHint ? `${storedHint} (leave empty to keep)` : placeholder}
        className="pr-8"
      />
      <span className="absolute inset-y-0 right-0.5 flex items-center">
        <IconButton
          label={visible ? "Hide" : "Show"}
          aria-pressed={visible}
          icon={visible ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
          onClick={() => setVisible(!visible)}
        />
      </span>
    </span>
  );
}
