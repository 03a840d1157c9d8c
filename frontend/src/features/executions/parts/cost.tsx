/** What an execution or node cost, and whether that is all of it. */
import { Money } from "@/components/measures";

type CostProps = {
  usd: number;
  /** False when a model was called whose price is not known. */
  priced: boolean;
};

export function Cost({ usd, priced }: CostProps) {
  if (priced) return <Money value={usd} />;
  const hint =
    "Watchbill does not know the price of a model that was called. Enter it on the Models page.";
  return (
    <span title={hint}>
      {usd > 0 ? (
        <>
          more than <Money value={usd} />
        </>
      ) : (
        "no price"
      )}
    </span>
  );
}
