"""统计: what is counted of call-outs. Pure: the same records give the same figures, on paper, on pages and in workbooks."""
