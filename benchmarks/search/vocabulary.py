"""What goods are made of and can do, in both languages, and the brands that sell them. All brands are invented."""

MATERIALS = {
    "不锈钢": ("不锈钢", "stainless steel"), "乳胶": ("天然乳胶", "latex"), "亚麻": ("亚麻", "linen"), "塑料": ("PC", "plastic"),
    "实木": ("实木", "solid wood"), "帆布": ("帆布", "canvas"), "树脂": ("树脂", "resin"), "棉": ("纯棉", "cotton"),
    "玻璃": ("玻璃", "glass"), "皮": ("真皮", "leather"), "真丝": ("真丝", "silk"), "硅胶": ("硅胶", "silicone"),
    "碳纤维": ("碳纤维", "carbon fibre"), "竹": ("竹", "bamboo"), "紫砂": ("紫砂", "zisha clay"), "纸": ("道林纸", "paper"),
    "羊毛": ("羊毛", "wool"), "羊绒": ("羊绒", "cashmere"), "羽绒": ("鹅绒", "goose down"), "蚕丝": ("蚕丝", "mulberry silk"),
    "铁": ("铸铁", "cast iron"), "铝合金": ("铝合金", "aluminium"), "陶瓷": ("陶瓷", "ceramic"),
}  # fmt: skip
"""By code: as titles say it in Chinese and in English."""

FEATURES = {
    "不粘": "non-stick", "低敏": "hypoallergenic", "低脂": "low fat", "便携": "portable", "保湿": "moisturizing", "修身": "slim fit",
    "冷榨": "cold pressed", "办公": "office", "加厚": "thick", "加绒": "fleece lined", "助眠": "sleep aid", "千兆": "gigabit",
    "去屑": "anti-dandruff", "双人": "two-person", "双卡": "dual SIM", "可水洗": "washable", "图解": "illustrated", "复古": "vintage",
    "大容量": "large capacity", "学习": "student", "定时": "timer", "家用": "home", "宽松": "loose fit", "快充": "fast charging",
    "手工": "handmade", "抗敏": "sensitive teeth", "抗皱": "anti-wrinkle", "抗菌": "antibacterial", "折叠": "foldable",
    "护眼": "eye care", "护颈": "neck support", "持久": "long lasting", "控油": "oil control", "敏感肌": "sensitive skin",
    "旅行": "travel", "无尘": "dust free", "无硅油": "silicone free", "无糖": "sugar free", "无线": "wireless", "无谷": "grain free",
    "智能": "smart", "有机": "organic", "浅烘": "light roast", "深烘": "dark roast", "游戏": "gaming", "留香": "lasting scent",
    "益智": "educational", "监听": "studio", "短袖": "short sleeve", "磁吸": "magnetic", "礼盒": "gift box", "缓震": "cushioned",
    "编织": "braided", "美白": "whitening", "耐磨": "durable", "蓝牙": "bluetooth", "轻薄": "lightweight", "运动": "sport",
    "透明": "clear", "透气": "breathable", "速干": "quick dry", "遮光": "blackout", "长续航": "long battery life",
    "长袖": "long sleeve", "防摔": "shockproof", "防晒": "UV protection", "防水": "waterproof", "防滑": "non-slip",
    "防漏": "leakproof", "防胀气": "anti-colic", "防风": "windproof", "陈年": "aged", "降噪": "noise cancelling", "除臭": "odour control",
    "隔音": "soundproof", "静音": "silent", "高速": "high speed", "黑": "dark",
}  # fmt: skip
"""Chinese word and its English."""

COLOURS = {
    "黑色": "Black", "白色": "White", "红色": "Red", "蓝色": "Blue", "绿色": "Green", "灰色": "Grey", "粉色": "Pink", "棕色": "Brown",
    "米色": "Beige", "紫色": "Purple",
}  # fmt: skip

AUDIENCES = {"男": ("男士", "men"), "女": ("女士", "women"), "童": ("儿童", "kids")}
SEASONS = {"春": ("春季", "spring"), "夏": ("夏季", "summer"), "秋": ("秋季", "autumn"), "冬": ("冬季", "winter")}

DEPARTMENTS = {
    "digital": "数码 Digital", "home": "家居 Home", "fashion": "服饰 Fashion", "sport": "运动户外 Sport and outdoor",
    "beauty": "美妆个护 Beauty", "food": "食品 Food", "kids": "母婴玩具 Kids", "pets": "宠物 Pets", "culture": "文具图书 Stationery and books",
}  # fmt: skip

BRANDS = {
    "tech": [("比特波", "Bitwave"), ("北极星", "Polaris"), ("云拓", "Cloudtop"), ("凌翼", "Lingwing"), ("极光", "Aurora")],
    "audio": [("比特波", "Bitwave"), ("静谧", "Hush"), ("山谷回声", "Echo Valley"), ("音之岛", "Tonisland")],
    "kitchen": [("灯笼", "Lantern"), ("云台", "Yuntai"), ("禾田", "Hetian"), ("景瓷", "Jingware")],
    "appliance": [("晴川", "Qingchuan"), ("小满", "Xiaoman"), ("北辰", "Northstar"), ("风吟", "Windsong")],
    "furniture": [("木里", "Muli"), ("汉萨", "Hansa"), ("橡果", "Acorn"), ("一间", "Oneroom")],
    "textile": [("桑陌", "Mulberry Lane"), ("棉田", "Cottonfield"), ("眠屿", "Sleepisle"), ("云絮", "Cloudfloss")],
    "daily": [("小满", "Xiaoman"), ("四季", "Fourseasons"), ("晴雨", "Sunrain"), ("青禾", "Qinghe")],
    "fashion": [("桑陌", "Mulberry Lane"), ("阿尔斯特", "Alster"), ("织里", "Zhili"), ("白鹭", "Egret"), ("城南", "Southgate")],
    "outdoor": [("石狐", "Stonefox"), ("云峰", "Cloudpeak"), ("远山", "Farhill"), ("雪线", "Snowline")],
    "shoes": [("石狐", "Stonefox"), ("追风", "Windchaser"), ("阿尔斯特", "Alster"), ("步履", "Stridewell")],
    "bags": [("远山", "Farhill"), ("阿尔斯特", "Alster"), ("行囊", "Wayfare"), ("城南", "Southgate")],
    "beauty": [("花间", "Floria"), ("雪肌", "Snowskin"), ("草本源", "Herbalist"), ("月见草", "Primrose")],
    "tea": [("山岚", "Mountain Mist"), ("熊猫茶舍", "Panda Tea"), ("一叶", "Oneleaf"), ("老茶坊", "Old Teahouse")],
    "snack": [("灯笼", "Lantern"), ("山岚", "Mountain Mist"), ("谷雨", "Grainrain"), ("麦香村", "Wheatville")],
    "sports": [("追风", "Windchaser"), ("雪线", "Snowline"), ("跃动", "Leapfit"), ("轮迹", "Wheeltrace")],
    "toys": [("纸鹤", "Papercrane"), ("小木马", "Woodpony"), ("彩虹城", "Rainbowtown")],
    "baby": [("小木马", "Woodpony"), ("初芽", "Sprout"), ("暖暖", "Cozybaby")],
    "pets": [("毛球", "Furball"), ("汪星", "Woofstar"), ("鱼干", "Fishcrisp")],
    "paper": [("纸鹤", "Papercrane"), ("墨痕", "Inktrace"), ("阿尔斯特", "Alster")],
    "books": [("纸鹤", "Papercrane"), ("北辰", "Northstar")],
}  # fmt: skip
"""By the trade a kind of goods belongs to: Chinese and Latin name."""

MERCHANTS = (
    "汉萨家居 Hansa Home",
    "熊猫茶舍 Panda Tea House",
    "云峰户外 Cloudpeak Outdoor",
    "像素数码 Pixelworks",
    "锦江服饰 Silk River",
)
