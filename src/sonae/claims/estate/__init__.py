"""A failed exchange's estate, pure: claims, admitted, ranks, pools, shares, distribution."""
